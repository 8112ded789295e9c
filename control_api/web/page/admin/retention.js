// What retention would take now, and what lies in the trash.

import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { ago, bytes, clockOf, dayOf, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { loaded } from "../lib/ui.js";
import { trashActions, trashSummary } from "../evenings/trash.js";
import { table } from "./table.js";

const whenOf = (video) => (video.start ? `${longDay(dayOf(video.start), { day: "numeric", month: "short", year: "numeric" })} ${clockOf(video.start)}` : "–");

export function retention(root) {
  const load = () => Promise.all([get("/videos/retention"), get("/videos/trash")]);
  const again = () => loaded(root, load, ([plan, trash]) => [
    h("h2", {}, t("admin.retention.plan")),
    h("p", { class: "soft" }, t("admin.retention.about", { count: plan.total, size: bytes(plan.bytes) })),
    table(t("admin.retention.plan"), plan.items, { "admin.name": (each) => each.title || each.name, "admin.when": whenOf, "admin.size": (each) => bytes(each.size), "admin.why": (each) => t(`admin.retention.${each.reason}`), "admin.how": (each) => t(each.for_good ? "admin.retention.forgood" : "admin.retention.totrash") }, t("admin.retention.none")),
    h("h2", {}, t("admin.trash")),
    trash.length ? trashSummary(trash, again) : null,
    table(t("admin.trash"), trash, {
      "admin.name": (each) => each.title || each.name,
      "admin.when": whenOf,
      "admin.size": (each) => bytes(each.size),
      "admin.deleted": (each) => ago(Date.parse(each.trashed_at)),
      "": (each) => trashActions(each, again),
    }, t("admin.trash.none")),
  ]);
  again();
}
