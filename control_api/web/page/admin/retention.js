// What retention would take now, and what lies in the trash.

import { get, post } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { ago, bytes, clockOf, dayOf, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, loaded, toast } from "../lib/ui.js";
import { table } from "./table.js";

const whenOf = (video) => (video.start ? `${longDay(dayOf(video.start), { day: "numeric", month: "short", year: "numeric" })} ${clockOf(video.start)}` : "–");

export function retention(root) {
  const load = () => Promise.all([get("/videos/retention"), get("/videos/trash")]);
  const again = () => loaded(root, load, ([plan, trash]) => [
    h("h2", {}, t("admin.retention.plan")),
    h("p", { class: "soft" }, t("admin.retention.about", { count: plan.total, size: bytes(plan.bytes) })),
    table(t("admin.retention.plan"), plan.items, { "admin.name": (each) => each.title || each.name, "admin.when": whenOf, "admin.size": (each) => bytes(each.size), "admin.why": (each) => t(`admin.retention.${each.reason}`) }, t("admin.retention.none")),
    h("h2", {}, t("admin.trash")),
    table(t("admin.trash"), trash, {
      "admin.name": (each) => each.title || each.name,
      "admin.when": whenOf,
      "admin.deleted": (each) => ago(Date.parse(each.trashed_at)),
      "": (each) => action(t("admin.restore"), async () => {
        await post(`/videos/${each.id}/restore`);
        toast(t("admin.restored"));
        again();
      }, { class: "quiet" }),
    }, t("admin.trash.none")),
  ]);
  again();
}
