// Settings that hold at once, and what was fixed at start.

import { del, get, patch } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { action, loaded, toast } from "../lib/ui.js";
import { table } from "./table.js";

export function settings(root) {
  const again = () => loaded(root, () => get("/settings"), ({ settings: found, fixed }) => [
    h("p", { class: "soft" }, t("admin.settings.about")),
    table(t("admin.settings"), found, {
      "admin.setting": (each) => [h("strong", {}, each.key), h("br"), h("small", {}, each.description)],
      "admin.value": (each) => editor(each, again),
    }, ""),
    h("h2", {}, t("admin.fixed")),
    h("p", { class: "soft" }, t("admin.fixed.about")),
    table(t("admin.fixed"), fixed, { "admin.setting": (each) => [h("strong", {}, each.key), h("br"), h("small", {}, each.description)], "admin.value": (each) => written(each.value) || "–" }, ""),
  ]);
  again();
}

const written = (value) => (value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

function editor(setting, again) {
  const input = h("input", { value: written(setting.value), placeholder: written(setting.default) || t("admin.unset"), "aria-label": setting.key });
  const keep = action(t("save"), async () => {
    await patch("/settings", { [setting.key]: read(input.value, setting) });
    toast(t("admin.saved"));
    again();
  });
  const reset = setting.changed_at && action(t("admin.default"), async () => {
    await del(`/settings/${encodeURIComponent(setting.key)}`);
    again();
  }, { class: "quiet" });
  return h("div", { class: "setting" }, input, keep, reset);
}

// What somebody typed: nothing is null, numbers are numbers.
function read(text, { value, default: usual }) {
  const given = text.trim();
  if (given === "") return null;
  const isNumber = typeof (value ?? usual) === "number" || /^\d+(\.\d+)?$/.test(given);
  return isNumber && Number.isFinite(Number(given)) ? Number(given) : given;
}
