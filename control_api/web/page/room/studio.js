// One studio: picture, recording, levels, what comes next, disk space.

import { get } from "../lib/api.js";
import { h, say } from "../lib/dom.js";
import { ago, bytes, clockOf, dayAndClock, dayOf, duration, longDay, number } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { reasonText } from "../lib/reasons.js";
import { commands } from "./commands.js";
import { faultList } from "./faults.js";
import { meters } from "./meters.js";
import { preview } from "./preview.js";

const RARELY_SECONDS = 30;
// A recording's pace in bytes per second says little in its first seconds.
const SETTLED_SECONDS = 10;

export function studio(status, context, life) {
  let now = status;
  // The beginning of a recording that OBS was asked to stop.
  let stopped = null;
  let usual = null;
  const stopping = () => {
    stopped = now.since;
    update(now);
  };
  const parts = {
    state: h("span", { class: "badge" }),
    elapsed: h("strong", { class: "elapsed numbers" }),
    about: h("p", { class: "soft" }),
    faults: faultList(),
    next: h("dd", {}),
    disk: h("dd", {}),
    meters: meters(status.studio, context),
    commands: commands(context, { now: () => now, changed: update, stopping }),
  };
  function update(next) {
    now = next;
    const isStopping = isBeingStopped(next, stopped);
    tell(parts, next, isStopping);
    tick(parts, next);
    parts.commands.update(isStopping);
  }
  life.every(1, () => tick(parts, now));
  life.add(context.streams.watch(({ data }) => heard(parts, data, now, usual)));
  life.every(RARELY_SECONDS, async () => {
    tellNext(parts.next, status.studio);
    usual = await paceOf(status.studio);
  });
  return { node: laidOut(status.studio, parts, preview(status.studio, life)), update };
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
      h("div", { class: "row spread" }, parts.elapsed, parts.commands.node),
      parts.about,
      parts.faults.node,
      parts.meters.node,
      h("dl", {}, facts),
    ),
  );
}

// OBS still writes what should not be recorded any more, or what it was asked to stop.
function isBeingStopped({ recording, desired, origin, since, reason_code: code }, stopped) {
  const isUnwanted = !desired && ["schedule", "manual"].includes(origin) && code !== "no_plan";
  return recording && Boolean(isUnwanted || (stopped && since === stopped));
}

const LOOKS = { unknown: "wrong", away: "wrong", stopping: "warning", paused: "warning", recording: "recording", missing: "wrong", idle: "" };
// They say why nothing is recorded; that nothing is scheduled stands below.
const TOLD = ["stopped_by", "no_plan"];

function tell(parts, status, isStopping) {
  const word = stateOf(status, isStopping);
  parts.state.className = `badge ${LOOKS[word]}`;
  say(parts.state, t(`room.state.${word}`));
  say(parts.about, about(status).filter(Boolean).join(" · "));
  parts.faults.update(status.faults);
}

function stateOf({ connected, recording, paused, desired, faults }, isStopping) {
  if (faults.some(({ code }) => code === "recorder_not_running")) return "unknown";
  if (!connected) return "away";
  if (isStopping) return "stopping";
  if (recording) return paused ? "paused" : "recording";
  return desired ? "missing" : "idle";
}

function about({ title, recording, since, origin, by, desired, until, reason, reason_code: code, reason_params: params, recorder_host: host }) {
  const end = desired && until && t("room.ends", { clock: dayAndClock(until) });
  const controlled = host && t("room.controlled", { host });
  if (recording) return [title, since && t("room.for", { clock: dayAndClock(since) }), beginning(origin, by), end, controlled];
  const isTold = (desired && code !== "recorder_not_running") || TOLD.includes(code);
  return [isTold && reasonText(code, params, reason), end, controlled];
}

function beginning(origin, by) {
  const texts = { schedule: t("room.scheduled"), manual: reasonText("started_by", { by: by ?? "" }, by), foreign: reasonText("started_in_obs", {}, by), leitstand: t("room.leitstand") };
  return texts[origin];
}

function tick(parts, { recording, paused, since, duration: recorded, bytes: size }) {
  if (!recording) return say(parts.elapsed, "–:––");
  const passed = paused || !since ? recorded : Math.max(recorded, (Date.now() - Date.parse(since)) / 1000 - 1);
  return say(parts.elapsed, `${duration(passed)}${size ? ` · ${bytes(size)}` : ""}`);
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
