// One studio: its picture, what it records, how loud it is, what comes next, how much disk is left.

import { get, post } from "../lib/api.js";
import { h, replace, say } from "../lib/dom.js";
import { ago, bytes, clockOf, dayOf, duration, longDay, number } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm } from "../lib/ui.js";
import { meters } from "./meters.js";
import { preview } from "./preview.js";

const RARELY_SECONDS = 30;
// A recording's pace in bytes per second says little in its first seconds.
const SETTLED_SECONDS = 10;

export function studio(status, context, life) {
  const parts = {
    state: h("span", { class: "badge" }),
    elapsed: h("strong", { class: "elapsed numbers" }),
    about: h("p", { class: "soft" }),
    fault: h("p", { class: "fault", role: "alert", hidden: true }),
    next: h("dd", {}),
    disk: h("dd", {}),
    meters: meters(status.studio, context),
    buttons: h("div", { class: "buttons" }),
  };
  let now = status;
  let key;
  let usual = null;
  life.every(1, () => tick(parts, now));
  life.add(context.streams.watch(({ data }) => heard(parts, data, now, usual)));
  life.every(RARELY_SECONDS, async () => {
    tellNext(parts.next, status.studio);
    usual = await paceOf(status.studio);
  });
  return {
    node: laidOut(status.studio, parts, preview(status.studio, life)),
    update(next) {
      now = next;
      tell(parts, next);
      tick(parts, next);
      const nextKey = [next.recording, next.paused, next.connected].join();
      if (nextKey !== key) replace(parts.buttons, buttons(next, context));
      key = nextKey;
    },
  };
}

function laidOut(name, parts, picture) {
  const facts = [["room.next", parts.next], ["room.disk", parts.disk]].map(([word, value]) => h("div", {}, h("dt", {}, t(word)), value));
  return h(
    "article",
    { class: "panel studio", "aria-label": name },
    picture,
    h(
      "div",
      { class: "stack" },
      h("div", { class: "row spread" }, h("h2", {}, name), parts.state),
      h("div", { class: "row spread" }, parts.elapsed, parts.buttons),
      parts.about,
      parts.fault,
      parts.meters.node,
      h("dl", {}, facts),
    ),
  );
}

function tell(parts, { connected, recording, paused, desired, fault, title, who, reason, since }) {
  const word = !connected ? "away" : paused ? "paused" : recording ? "recording" : desired ? "missing" : "idle";
  const looks = { away: "wrong", paused: "warning", recording: "recording", missing: "wrong", idle: "" };
  parts.state.className = `badge ${looks[word]}`;
  say(parts.state, t(`room.state.${word}`));
  // That nothing is scheduled stands below.
  const names = [title, recording && since && t("room.since", { clock: clockOf(since), who: who ?? "" }), !recording && desired && reason];
  say(parts.about, names.filter(Boolean).join(" · "));
  parts.fault.hidden = !fault;
  say(parts.fault, fault ?? "");
}

function tick(parts, { recording, paused, since, duration: recorded, bytes: size }) {
  if (!recording) return say(parts.elapsed, "–:––");
  const passed = paused || !since ? recorded : Math.max(recorded, (Date.now() - Date.parse(since)) / 1000 - 1);
  return say(parts.elapsed, `${duration(passed)}${size ? ` · ${bytes(size)}` : ""}`);
}

function buttons({ studio, recording, paused, connected }, context) {
  if (!context.may("operator")) return [];
  const ask = (what) => post(`/recordings/${what}`, { studio });
  if (!recording) return [action(t("room.record"), () => ask("start"), { class: "danger record", disabled: !connected })];
  const stop = async () => {
    if (await confirm(t("room.stop.title"), t("room.stop.text", { studio }), t("room.stop"))) await ask("stop");
  };
  return [action(t(paused ? "room.resume" : "room.pause"), () => ask(paused ? "resume" : "pause")), action(t("room.stop"), stop, { class: "primary" })];
}

// Levels and free disk come from the exporter's snapshot, where it knows this studio.
function heard(parts, data, { studio, recording }, usual) {
  const known = data?.studios.find((each) => each.name === studio && each.up);
  parts.meters.update(known?.inputs ?? []);
  const free = known?.disk_available_bytes ?? null;
  if (free === null) return say(parts.disk, "–");
  const { bytes: written, duration: length } = known.record;
  const pace = recording && length > SETTLED_SECONDS && written ? written / length : usual;
  return say(parts.disk, pace ? t("room.hours", { free: bytes(free), hours: number(free / pace / 3600, 0) }) : bytes(free));
}

// Bytes per second of the studio's newest recording; null where there is none yet.
async function paceOf(studio) {
  try {
    const { items } = await get("/videos", { studio, page_size: 5 });
    const whole = items.find(({ state, duration: length, size }) => state === "ready" && length > SETTLED_SECONDS && size);
    return whole ? whole.size / whole.duration : null;
  } catch {
    return null;
  }
}

async function tellNext(node, studio) {
  try {
    const schedules = await get("/schedules", { studio });
    const coming = schedules.filter((each) => each.studio === studio && each.next.length).map((each) => ({ ...each.next[0], title: each.title }));
    coming.sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
    const [first] = coming;
    if (!first) return say(node, t("room.nothing"));
    const when = `${longDay(dayOf(first.start), { weekday: "short", day: "numeric", month: "short" })} ${clockOf(first.start)}–${clockOf(first.end)}`;
    return say(node, [first.title, when, ago(Date.parse(first.start))].filter(Boolean).join(" · "));
  } catch {
    // The banner says that nothing can be reached.
    return undefined;
  }
}
