// Who changed what, refused attempts too.

import { get } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { loaded } from "../lib/ui.js";
import { time } from "./events.js";
import { table } from "./table.js";

export function audit(root) {
  loaded(root, () => get("/audit", { limit: 200 }), (found) => table(t("admin.audit"), found, {
    "admin.when": (each) => time(each.time),
    "admin.who": (each) => each.who || each.address,
    "admin.what": (each) => each.action,
    "admin.status": (each) => String(each.status),
  }, t("admin.audit.none")));
}
