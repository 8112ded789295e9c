// The week: a column a day, a bar a window; bars are moved by hand or by arrow keys.

import { h } from "../lib/dom.js";
import { clockOf, dayOf, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { clockOfMinutes, DAY_MINUTES, daysFrom, minutesOf, plus, today } from "./days.js";

const SNAP = 5;
const HOURS = [0, 3, 6, 9, 12, 15, 18, 21];
const MOVED = 6;

// `windows`: [{start, end, title, studio, schedule_id, outcome?}]. `open(window)`, `make(day,
// clock)`, `move(window, day, clock)` are called for what somebody does; without them it only shows.
export function week(monday, windows, { open, make, move }) {
  const days = daysFrom(monday);
  const columns = days.map((day) => column(day, windows, { open, make, move, days }));
  return h("div", { class: "week" }, h("div", { class: "hours", "aria-hidden": "true" }, HOURS.map((hour) => h("span", { vars: { "--at": hour / 24 } }, `${String(hour).padStart(2, "0")}:00`))), columns);
}

function column(day, windows, hands) {
  const isToday = day === today();
  const bars = windows.flatMap((window) => parts(window, day).map((part) => bar(window, part, day, hands)));
  const body = h("div", { class: "body", "data-day": day }, bars);
  if (hands.make) body.addEventListener("dblclick", (event) => event.target === body && hands.make(day, clockAt(body, event.clientY)));
  const add = hands.make && h("button", { class: "quiet add", "aria-label": t("schedule.new.on", { day: longDay(day) }), onclick: () => hands.make(day, "20:00") }, "+");
  return h("section", { class: isToday ? "column today" : "column", "aria-label": longDay(day) }, h("h3", {}, longDay(day, { weekday: "short", day: "numeric", month: "numeric" }), add), body);
}

// The part of a window that lies on that day: {from, to} in minutes.
function parts(window, day) {
  const begins = dayOf(window.start);
  const ends = dayOf(window.end);
  if (day < begins || day > ends) return [];
  const from = day === begins ? minutesOf(clockOf(window.start)) : 0;
  const to = day === ends ? minutesOf(clockOf(window.end)) : DAY_MINUTES;
  return to > from ? [{ from, to, isFirst: day === begins }] : [];
}

function bar(window, { from, to, isFirst }, day, hands) {
  const time = `${clockOf(window.start)}–${clockOf(window.end)}`;
  const outcome = window.outcome && t(`schedule.outcome.${window.outcome}`);
  const label = [window.title, window.studio, time, outcome].filter(Boolean).join(", ");
  const node = h("button", { class: `bar-window ${window.outcome ?? "coming"}`, "aria-label": label, title: label, vars: { "--from": from / DAY_MINUTES, "--to": to / DAY_MINUTES } }, h("strong", {}, window.title), h("span", { class: "numbers" }, time));
  const isMovable = hands.move && !window.outcome && isFirst;
  node.addEventListener("click", () => node.dataset.moved || hands.open?.(window));
  if (isMovable) {
    drag(node, window, day, hands);
    node.addEventListener("keydown", (event) => nudge(event, window, day, hands));
  }
  return node;
}

function nudge(event, window, day, { move }) {
  const steps = { ArrowUp: [0, -SNAP], ArrowDown: [0, SNAP], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
  if (!steps || !event.altKey) return;
  event.preventDefault();
  move(window, plus(day, steps[0]), clockOfMinutes(minutesOf(clockOf(window.start)) + steps[1]));
}

function drag(node, window, day, { move, days }) {
  let from = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") return;
    delete node.dataset.moved;
    from = { x: event.clientX, y: event.clientY };
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (Math.hypot(dx, dy) > MOVED) node.dataset.moved = "yes";
    node.style.setProperty("--dx", `${dx}px`);
    node.style.setProperty("--dy", `${dy}px`);
  });
  node.addEventListener("pointerup", (event) => {
    if (!from) return;
    const { clientWidth, clientHeight } = node.parentElement;
    const byDays = Math.round((event.clientX - from.x) / clientWidth);
    const byMinutes = Math.round(((event.clientY - from.y) / clientHeight) * DAY_MINUTES / SNAP) * SNAP;
    from = null;
    node.style.removeProperty("--dx");
    node.style.removeProperty("--dy");
    const to = plus(day, byDays);
    if (node.dataset.moved && (byDays || byMinutes) && days.includes(to)) move(window, to, clockOfMinutes(minutesOf(clockOf(window.start)) + byMinutes));
  });
}

function clockAt(body, y) {
  const box = body.getBoundingClientRect();
  return clockOfMinutes(Math.floor(((y - box.top) / box.height) * DAY_MINUTES / 30) * 30);
}

