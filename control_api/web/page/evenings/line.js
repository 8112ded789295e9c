// The time bar of an evening: its parts over midnight, and the gaps between them with their reasons.

import { h } from "../lib/dom.js";
import { clockOf } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { reasonText } from "../lib/reasons.js";

export function showLine(evening, { video, day }) {
  if (evening.spans.length < 2 && !evening.gaps.length) return null;
  const [from, to] = [evening.start, evening.end].map(Date.parse);
  const vars = ({ start, end }) => ({ "--from": (Date.parse(start) - from) / (to - from), "--to": (Date.parse(end) - from) / (to - from) });
  const parts = evening.spans.map((span) => h("a", {
    class: "part",
    href: `#/evenings/${encodeURIComponent(day)}/${span.video_id}`,
    "aria-label": range(span),
    "aria-current": span.video_id === video.id ? "true" : null,
    vars: vars(span),
  }));
  const gaps = evening.gaps.map((gap) => h("span", { class: "hole", title: gapText(gap), vars: vars(gap) }));
  return h(
    "nav",
    { class: "stack tight", "aria-label": t("evenings.line") },
    h("div", { class: "evening" }, parts, gaps),
    evening.gaps.map((gap) => h("small", {}, gapText(gap))),
  );
}

export const gapText = (gap) => t("evenings.gap", { range: range(gap), reason: reasonText(gap.code, gap.params, gap.reason) });

const range = ({ start, end }) => `${clockOf(start, true)}–${clockOf(end, true)}`;
