// A table with a heading for each column; it scrolls by itself on a narrow screen.

import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { empty } from "../lib/ui.js";

// `columns`: {word: (row) => cell}.
export function table(caption, rows, columns, none) {
  if (!rows.length) return empty(none);
  const head = Object.keys(columns).map((word) => h("th", { scope: "col" }, word ? t(word) : h("span", { class: "unseen" }, t("admin.actions"))));
  const body = rows.map((row) => h("tr", {}, Object.values(columns).map((cell) => h("td", {}, cell(row)))));
  return h("div", { class: "scroll panel", tabindex: 0, role: "group", "aria-label": caption }, h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}
