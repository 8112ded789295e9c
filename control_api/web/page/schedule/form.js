// One schedule: made, changed, with its exceptions.

import { del, get, patch, post, put } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm, dialog, field, toast } from "../lib/ui.js";
import { clockOfMinutes, minutesOf, WEEKDAYS, weekdayOf } from "./days.js";

// `given`: a schedule, or what is known of a new one. Resolves with true if something was changed.
export function edit(given, studios) {
  const inputs = {
    title: h("input", { value: given.title ?? "", required: true, maxlength: 200 }),
    studio: h("select", {}, studios.map((name) => h("option", { value: name, selected: name === given.studio }, name))),
    start: h("input", { type: "time", value: given.start ?? "20:00", required: true }),
    end: h("input", { type: "time", value: given.end ?? "22:00", required: true }),
    enabled: h("input", { type: "checkbox", checked: given.enabled ?? true }),
  };
  const weekdays = WEEKDAYS.map((day) => h("input", { type: "checkbox", value: day, checked: (given.weekdays ?? []).includes(day) }));
  const add = dates(t("schedule.add"), given.add ?? []);
  const skip = dates(t("schedule.skip"), given.skip ?? []);
  const body = () => ({
    title: inputs.title.value,
    studio: inputs.studio.value,
    weekdays: weekdays.filter((each) => each.checked).map((each) => each.value),
    start: inputs.start.value,
    end: inputs.end.value === "00:00" ? "24:00" : inputs.end.value,
    timezone: given.timezone ?? null,
    skip: skip.value(),
    add: add.value(),
    enabled: inputs.enabled.checked,
  });
  const keep = async (close) => {
    const kept = given.id ? await put(`/schedules/${given.id}`, body()) : await post("/schedules", body());
    close(true);
    for (const each of kept.conflicts.slice(0, 1)) toast(t("schedule.conflict", { title: each.title }));
    for (const note of kept.notes) toast(note);
  };
  return dialog(t(given.id ? "schedule.edit" : "schedule.new"), (close) => [
    field(t("schedule.title"), inputs.title),
    studios.length > 1 && field(t("schedule.studio"), inputs.studio),
    h("fieldset", {}, h("legend", {}, t("schedule.weekdays")), h("div", { class: "row" }, weekdays.map((each) => h("label", { class: "tick" }, each, t(`schedule.day.${each.value}`))))),
    h("div", { class: "pair" }, field(t("schedule.start"), inputs.start), field(t("schedule.end"), inputs.end, t("schedule.end.hint"))),
    add.node,
    skip.node,
    h("label", { class: "tick" }, inputs.enabled, t("schedule.enabled")),
    h("div", { class: "buttons" }, given.id && action(t("delete"), () => remove(given, close), { class: "quiet" }), h("button", { type: "button", onclick: () => close() }, t("cancel")), action(t("save"), () => keep(close), { class: "primary" })),
  ]);
}

async function remove(given, close) {
  if (!(await confirm(t("schedule.delete.title"), t("schedule.delete.text", { title: given.title }), t("delete")))) return;
  await del(`/schedules/${given.id}`);
  close(true);
}

// Dates that are added or skipped: chosen one by one, taken away by pressing them.
function dates(label, given) {
  const known = new Set(given);
  const list = h("div", { class: "row" });
  const input = h("input", { type: "date", onchange: () => input.value && change(() => known.add(input.value)) });
  const change = (work) => {
    work();
    input.value = "";
    const remove = (day) => h("button", { type: "button", class: "badge", "aria-label": t("schedule.dates.remove", { day: longDay(day) }), onclick: () => change(() => known.delete(day)) }, longDay(day, { day: "numeric", month: "short", year: "numeric" }), " ✕");
    replace(list, [...known].sort().map(remove));
  };
  change(() => {});
  return { node: h("div", { class: "stack tight" }, field(label, input), list), value: () => [...known].sort() };
}

// Moves this evening alone, or every week. Resolves with true if it was moved.
export async function moved(window, day, start) {
  const schedule = await get(`/schedules/${window.schedule_id}`);
  const lasts = (Date.parse(window.end) - Date.parse(window.start)) / 60_000;
  const end = endOf(start, lasts);
  const old = window.date;
  const isOnce = !schedule.weekdays.length;
  const all = async (close) => {
    const weekdays = isOnce ? [] : [...new Set(schedule.weekdays.map((each) => (each === weekdayOf(old) ? weekdayOf(day) : each)))];
    const add = schedule.add.map((each) => (each === old ? day : each));
    await patch(`/schedules/${schedule.id}`, { start, end, weekdays, add });
    close(true);
  };
  const once = async (close) => {
    await post("/schedules", { title: schedule.title, studio: schedule.studio, start, end, timezone: schedule.timezone, add: [day] });
    await patch(`/schedules/${schedule.id}`, { skip: [...schedule.skip, old] });
    close(true);
  };
  const text = t("schedule.move.text", { title: schedule.title, day: longDay(day), start, end });
  return dialog(t("schedule.move"), (close) => [
    h("p", {}, text),
    h("div", { class: "buttons" }, h("button", { onclick: () => close() }, t("cancel")), !isOnce && action(t("schedule.move.once"), () => once(close)), action(t(isOnce ? "schedule.move.here" : "schedule.move.all"), () => all(close), { class: "primary" })),
  ]);
}

function endOf(start, minutes) {
  const end = clockOfMinutes(minutesOf(start) + Math.round(minutes));
  return end === "00:00" ? "24:00" : end;
}
