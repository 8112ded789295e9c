// The machine: shut down, if the configuration allows it.

import { del, get, post } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { ago } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm, loaded } from "../lib/ui.js";

export function machine(root, context, life) {
  const again = () => loaded(root, () => get("/admin/shutdown"), (plan) => h("article", { class: "panel" }, h("h2", {}, t("admin.shutdown")), h("p", {}, words(plan)), plan.last && h("p", { class: "soft" }, plan.last), plan.allowed && h("div", { class: "row" }, button(plan, again))));
  again();
  life.add(context.events.heard(({ kind }) => kind === "shutdown" && again()));
}

function words({ allowed, state, at, who, waits_for: reason }) {
  if (!allowed) return t("admin.shutdown.not");
  return t(`admin.shutdown.${state}`, { at: at ? ago(Date.parse(at)) : "", who: who ?? "", reason: reason ?? "" });
}

function button({ state }, again) {
  if (state !== "none") return action(t("admin.shutdown.cancel"), async () => { await del("/admin/shutdown"); again(); });
  return action(t("admin.shutdown"), async () => {
    if (await confirm(t("admin.shutdown.title"), t("admin.shutdown.text"), t("admin.shutdown"))) await post("/admin/shutdown");
    again();
  }, { class: "danger" });
}
