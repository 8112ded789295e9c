// What happened, newest first; new ones come by themselves.

import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { ago } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { loaded } from "../lib/ui.js";
import { table } from "./table.js";

export function events(root, context, life) {
  const again = () => loaded(root, () => get("/events", { limit: 200 }), (found) => table(t("admin.events"), found, { "admin.when": (each) => time(each.time), "admin.studio": (each) => each.studio ?? "–", "admin.what": (each) => each.message }, t("admin.events.none")));
  again();
  life.add(context.events.heard(again));
}

export const time = (iso) => h("time", { datetime: iso, title: iso }, ago(Date.parse(iso)));
