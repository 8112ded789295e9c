// The service's own log.

import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { action, field, loaded } from "../lib/ui.js";
import { table } from "./table.js";

const LEVELS = ["debug", "info", "warning", "error"];

export function logs(root) {
  loaded(root, () => get("/admin/logs"), (files) => {
    const name = h("select", { onchange: () => again() }, files.map((file) => h("option", { value: file.name }, file.name)));
    const level = h("select", { onchange: () => again() }, LEVELS.map((each) => h("option", { value: each, selected: each === "info" }, each)));
    const q = h("input", { type: "search", onchange: () => again() });
    const place = h("div", {});
    const again = () => name.value && loaded(place, () => get(`/admin/logs/${encodeURIComponent(name.value)}`, { lines: 300, level: level.value, q: q.value }), (lines) => table(t("admin.logs"), lines, { "admin.when": (line) => line.time ?? "", "admin.level": (line) => line.level ?? "", "admin.what": (line) => [h("span", {}, line.message), line.exception && h("pre", {}, line.exception)] }, t("admin.logs.none")));
    again();
    return [h("div", { class: "row" }, field(t("admin.file"), name), field(t("admin.level"), level), field(t("admin.text"), q), action(t("admin.refresh"), async () => again())), place];
  });
}
