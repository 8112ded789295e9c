// Schedule: the week at a glance, windows made and moved by hand, and what became of them.

import { get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { clockOf, dayOf, duration, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { reasonText } from "../lib/reasons.js";
import { bundle } from "../lib/signal.js";
import { action, empty, fail } from "../lib/ui.js";
import { mondayOf, plus, today } from "../schedule/days.js";
import { edit, moved } from "../schedule/form.js";
import { week } from "../schedule/week.js";

const MOST = 100;
const LOOK_SECONDS = 30;

export function show(root, context) {
  const life = bundle();
  const mayChange = context.may("operator");
  let monday = mondayOf(today());
  let open = null;
  let known = { schedules: [], coming: [], runs: [], studios: [] };
  const grid = h("div", { class: "scroll" });
  const name = h("h2", { "aria-live": "polite" });
  const list = h("section", { class: "stack", "aria-label": t("schedule.all") });
  const past = h("section", { class: "stack", "aria-label": t("schedule.runs") });

  const look = async () => {
    try {
      const [schedules, coming, runs, statuses] = await Promise.all([get("/schedules"), get("/schedules/next", { count: MOST }), get("/schedules/runs", { limit: MOST }), get("/recordings/status")]);
      known = { schedules, coming, runs, studios: statuses.map((each) => each.studio) };
      draw();
    } catch (problem) {
      if (problem.status) fail(problem);
    }
  };
  const changed = (isChanged) => isChanged && look();
  const hands = {
    // As it is now: what is shown may be of before the last change.
    open: (window) => {
      if (mayChange) open ??= get(`/schedules/${window.schedule_id}`).then((schedule) => edit(schedule, known.studios)).then(changed, fail).finally(() => { open = null; });
    },
    make: mayChange && ((day, start) => edit({ start, end: plusTwo(start), add: [day], studio: known.studios[0] }, known.studios).then(changed, fail)),
    move: mayChange && ((window, day, start) => moved(window, day, start).then(changed, fail)),
  };
  const draw = () => {
    // What runs now is among the runs and, until it ends, not among those to come.
    const windows = [...known.runs.map((run) => ({ ...run, date: dayOf(run.start) })), ...known.coming];
    replace(name, t("schedule.week", { day: longDay(monday, { day: "numeric", month: "long", year: "numeric" }) }));
    replace(grid, week(monday, windows, hands));
    replace(list, h("h2", {}, t("schedule.all")), known.schedules.length ? h("ul", { class: "paths" }, known.schedules.map((each) => row(each, () => hands.open({ schedule_id: each.id })))) : empty(t("schedule.none")));
    replace(past, h("h2", {}, t("schedule.runs")), known.runs.length ? h("ul", { class: "paths" }, known.runs.slice(0, 30).map(run)) : h("p", { class: "soft" }, t("schedule.noruns")));
  };
  const go = (days) => () => {
    monday = days === null ? mondayOf(today()) : plus(monday, days);
    draw();
  };
  replace(
    root,
    h("div", { class: "row spread" }, name, h("div", { class: "row" }, h("button", { "aria-label": t("schedule.before"), onclick: go(-7) }, "‹"), h("button", { onclick: go(null) }, t("schedule.today")), h("button", { "aria-label": t("schedule.after"), onclick: go(7) }, "›"), mayChange && action(t("schedule.new"), () => edit({ studio: known.studios[0] }, known.studios).then(changed), { class: "primary" }))),
    grid,
    mayChange && h("small", {}, t("schedule.hint")),
    list,
    past,
  );
  draw();
  life.every(LOOK_SECONDS, look);
  life.add(context.events.heard(look));
  return life.end;
}

const plusTwo = (clock) => `${String((Number(clock.slice(0, 2)) + 2) % 24).padStart(2, "0")}${clock.slice(2)}`;

function row(schedule, open) {
  const days = schedule.weekdays.map((each) => t(`schedule.day.${each}`)).join(" ");
  const [next] = schedule.next;
  const when = next ? t("schedule.next", { when: `${longDay(dayOf(next.start), { weekday: "short", day: "numeric", month: "short" })} ${clockOf(next.start)}` }) : t(schedule.enabled ? "schedule.never" : "schedule.off");
  return h("li", {}, h("button", { class: "path schedule", onclick: open }, h("span", { class: "name" }, schedule.title, h("small", {}, schedule.studio)), h("span", { class: "numbers" }, `${days} ${schedule.start}–${schedule.end}`), h("small", {}, when), schedule.conflicts.length > 0 && h("span", { class: "badge warning" }, t("schedule.overlaps"))));
}

const LOOKS = { recorded: "live", partly: "warning", missed: "wrong", running: "recording" };

function run(each) {
  const when = `${longDay(dayOf(each.start), { weekday: "short", day: "numeric", month: "short" })} ${clockOf(each.start)}–${clockOf(each.end)}`;
  const gaps = each.gaps.map((gap) => h("small", {}, `${clockOf(gap.start, true)}–${clockOf(gap.end, true)}: ${reasonText(gap.reason_code, gap.reason_params, gap.reason)}`));
  return h("li", { class: "panel run" }, h("div", { class: "row spread" }, h("strong", {}, each.title), h("span", { class: `badge ${LOOKS[each.outcome] ?? ""}` }, t(`schedule.outcome.${each.outcome}`))), h("span", { class: "numbers" }, `${when} · ${each.studio} · ${t("schedule.recorded", { length: duration(each.recorded_seconds) })}`), gaps);
}
