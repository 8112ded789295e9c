// Small line charts as SVG. Values may be null: there the line has a gap.

import { h, replace, svg } from "./dom.js";

// A line without axes, for a row: redrawn by `draw(values)`.
export function sparkline(label) {
  const line = svg("path", { class: "line" });
  const node = svg("svg", { class: "sparkline", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img", "aria-label": label }, line);
  return {
    node,
    draw(values) {
      const top = Math.max(1, ...values.map((value) => value ?? 0));
      line.setAttribute("d", pathOf(values, 100, 24, top));
    },
  };
}

// A chart with a title, its newest value, and a scale; redrawn by `draw(times, values)`.
export function chart(title, format) {
  const [line, area] = [svg("path", { class: "line" }), svg("path", { class: "area" })];
  const picture = svg("svg", { class: "chart", viewBox: "0 0 300 90", preserveAspectRatio: "none", "aria-hidden": "true" }, area, line);
  const [now, top, begin] = [h("strong", { class: "numbers" }), h("small", { class: "numbers" }), h("small", {})];
  const node = h("figure", { class: "panel" }, h("figcaption", { class: "row spread" }, h("span", {}, title), now), h("div", { class: "plot" }, top, picture), begin);
  return {
    node,
    draw(values, { from = "" } = {}) {
      const known = values.filter((value) => value !== null);
      const highest = Math.max(...known, 0);
      const d = pathOf(values, 300, 88, highest || 1);
      line.setAttribute("d", d);
      area.setAttribute("d", known.length === values.length && d ? `${d}L300,90L0,90Z` : "");
      replace(now, known.length ? format(known.at(-1)) : "–");
      replace(top, known.length ? format(highest) : "");
      replace(begin, from);
    },
  };
}

function pathOf(values, width, height, top) {
  const step = width / Math.max(1, values.length - 1);
  let drawing = false;
  return values
    .map((value, at) => {
      if (value === null) {
        drawing = false;
        return "";
      }
      const command = drawing ? "L" : "M";
      drawing = true;
      const point = `${(at * step).toFixed(1)},${(height - (value / top) * (height - 2)).toFixed(1)}`;
      // One without neighbours would not be drawn.
      return command === "M" ? `M${point}h.1` : `L${point}`;
    })
    .join("");
}
