// A whole evening: clock times over all its parts, and what was not recorded. Pure.
//
// `spans` and `gaps` are those of /api/evenings/{id}: [{start, end, …}], disjoint and in order.

import { parsed, secondsOfDay } from "./clock.js";

const length = ({ start, end }) => (Date.parse(end) - Date.parse(start)) / 1000;

// The moment (ms) of a clock time in the evening: in a part if one has it; null if none is meant.
export function momentOf(evening, typed) {
  const wanted = parsed(typed);
  if (wanted === null) return null;
  for (const range of [...evening.spans, evening]) {
    const passed = (wanted - secondsOfDay(range.start) + 86_400) % 86_400;
    if (passed <= length(range)) return Date.parse(range.start) + passed * 1000;
  }
  return null;
}

// The span that shows a moment.
export const spanAt = ({ spans }, moment) => spans.find(({ start, end }) => Date.parse(start) <= moment && moment < Date.parse(end));

// What of the evening was not recorded between two moments, and how many seconds were.
export function within({ spans, gaps }, from, to) {
  const seconds = spans.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(to, Date.parse(end)) - Math.max(from, Date.parse(start))), 0) / 1000;
  return { seconds, gaps: gaps.filter(({ start, end }) => Date.parse(start) < to && from < Date.parse(end)) };
}
