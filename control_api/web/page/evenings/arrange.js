// An operator renames an evening, splits it, or joins it with another one.

import { get, patch, post } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { clockOf, dayOf, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm, dialog, fail, field, toast } from "../lib/ui.js";

const NEAR_DAYS = 7;

// `current` is the id of the part that is shown; `changed` shows the evening anew.
export const arrangeButton = (evening, current, changed) => action(t("evenings.arrange"), () => arrange(evening, current(), changed));

async function arrange(evening, current, changed) {
  const others = await near(evening);
  const done = (undo) => {
    changed();
    toast(t("evenings.arranged"), { undo: undo && (() => undo().then(changed, fail)) });
  };
  await dialog(t("evenings.arrange"), (close) => [
    naming(evening, close, done),
    evening.videos.length > 1 && splitting(evening, current, close, done),
    others.length > 0 && joining(evening, others, close, done),
    h("div", { class: "buttons" }, h("button", { onclick: () => close() }, t("close"))),
  ]);
}

function naming(evening, close, done) {
  const title = h("input", { value: evening.title, maxlength: 200 });
  const save = action(t("save"), async () => {
    await patch(`/evenings/${evening.id}`, { title: title.value.trim() });
    close();
    done(() => patch(`/evenings/${evening.id}`, { title: evening.title }));
  }, { class: "primary" });
  return h("section", { class: "stack" }, field(t("evenings.title"), title), h("div", { class: "buttons" }, save));
}

function splitting(evening, current, close, done) {
  const later = evening.videos.slice(1);
  const choice = h("select", {}, later.map((part) => h("option", { value: part.id, selected: part.id === current }, placeOf(part))));
  const split = action(t("evenings.split"), async () => {
    const made = await post(`/evenings/${evening.id}/split`, { video_id: choice.value });
    close();
    done(() => post(`/evenings/${evening.id}/join`, { evening: made.id }));
  });
  return h("section", { class: "stack" }, field(t("evenings.split.where"), choice), h("div", { class: "buttons" }, split));
}

function joining(evening, others, close, done) {
  const choice = h("select", {}, others.map((other) => h("option", { value: other.id }, nameOf(other))));
  const join = action(t("evenings.join"), async () => {
    const other = others.find(({ id }) => id === choice.value);
    if (!(await confirm(t("evenings.join"), t("evenings.join.text", { other: nameOf(other) }), t("evenings.join")))) return;
    const order = [evening, other].sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
    const [kept, joined] = await Promise.all(order.map(({ id }) => get(`/evenings/${id}`)));
    await post(`/evenings/${kept.id}/join`, { evening: joined.id });
    close();
    // Where parts of both lie among each other, no place parts them again.
    const isApart = Date.parse(kept.videos.at(-1).start) < Date.parse(joined.videos[0].start);
    done(isApart && (() => apart(kept, joined)));
  });
  return h("section", { class: "stack" }, field(t("evenings.join.with"), choice), h("div", { class: "buttons" }, join));
}

async function apart(kept, joined) {
  await post(`/evenings/${kept.id}/split`, { video_id: joined.videos[0].id, evening: joined.id });
  await patch(`/evenings/${kept.id}`, { title: kept.title });
}

// The evenings of the same studio some days around, by how near they are.
async function near(evening) {
  const day = (date, days) => new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
  const query = { studio: evening.studio, first: day(evening.date, -NEAR_DAYS), last: day(evening.date, NEAR_DAYS), page_size: 200 };
  const { items } = await get("/evenings", query);
  const away = ({ start }) => Math.abs(Date.parse(start) - Date.parse(evening.start));
  return items.filter(({ id, source }) => id !== evening.id && source === evening.source).sort((a, b) => away(a) - away(b));
}

const placeOf = ({ start, title, name }) => `${clockOf(start, true)} · ${title || name}`;

const nameOf = ({ title, start, end }) => [title, longDay(dayOf(start)), `${clockOf(start)}–${clockOf(end)}`].filter(Boolean).join(" · ");
