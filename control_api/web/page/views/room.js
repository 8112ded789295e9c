// Control room: what is live, what records, what is wrong, what comes next.

import { get, post } from "../lib/api.js";
import { chart } from "../lib/chart.js";
import { h, keyed, replace, say } from "../lib/dom.js";
import { ago, bitrate, bytes, clockOf, dayOf, duration, longDay, number } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { bundle } from "../lib/signal.js";
import { action, confirm, empty, fail } from "../lib/ui.js";

const LOOK_SECONDS = 2;
const SLOW_SECONDS = 5;
const PREVIEW_MS = 1_000;

export function show(root, context) {
  const life = bundle();
  const troubles = h("section", { class: "troubles", "aria-live": "polite", "aria-label": t("room.troubles") });
  const studios = h("section", { class: "studios", "aria-label": t("room.studios") });
  const charts = h("section", { class: "grid small", "aria-label": t("room.hour") });
  replace(root, troubles, studios, h("h2", {}, t("room.hour")), charts);
  const update = keyed(studios, (status) => studio(status, context, life));
  let statuses = [];

  const look = async () => {
    try {
      statuses = await get("/recordings/status");
      replace(studios, ...(statuses.length ? [] : [empty(t("room.none"))]), ...studios.children);
      update(statuses, (status) => status.studio);
    } catch (problem) {
      if (problem.status) fail(problem);
    }
  };
  life.every(LOOK_SECONDS, look);
  life.add(context.events.heard(look));
  life.every(SLOW_SECONDS, () => tellTroubles(troubles, context));
  showCharts(charts, life);
  return life.end;
}

function studio(status, context, life) {
  const parts = {
    state: h("span", { class: "badge" }),
    elapsed: h("strong", { class: "elapsed numbers" }),
    about: h("p", { class: "soft" }),
    fault: h("p", { class: "fault", role: "alert", hidden: true }),
    next: h("dd", {}),
    disk: h("dd", {}),
    meters: h("div", { class: "meters" }),
    buttons: h("div", { class: "buttons" }),
  };
  const picture = preview(status.studio, life);
  const node = h(
    "article",
    { class: "panel studio", "aria-label": status.studio },
    picture,
    h(
      "div",
      { class: "stack" },
      h("div", { class: "row spread" }, h("h2", {}, status.studio), parts.state),
      h("div", { class: "row spread" }, parts.elapsed, parts.buttons),
      parts.about,
      parts.fault,
      parts.meters,
      h("dl", {}, h("div", {}, h("dt", {}, t("room.next")), parts.next), h("div", {}, h("dt", {}, t("room.disk")), parts.disk)),
    ),
  );
  let now = status;
  let key;
  const meters = keyed(parts.meters, meter);
  life.every(1, () => tick(parts, now));
  life.add(context.streams.watch(({ data }) => heard(parts, meters, data, now)));
  life.every(30, () => tellNext(parts.next, status.studio));
  return {
    node,
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
  return say(parts.elapsed, `${duration(paused ? recorded : passed)}${size ? ` · ${bytes(size)}` : ""}`);
}

function buttons({ studio, recording, paused, connected }, context) {
  if (!context.may("operator")) return [];
  const ask = (what, body = {}) => post(`/recordings/${what}`, { studio, ...body });
  if (!recording) return [action(t("room.record"), () => ask("start"), { class: "danger record", disabled: !connected })];
  const stop = async () => {
    if (await confirm(t("room.stop.title"), t("room.stop.text", { studio }), t("room.stop"))) await ask("stop");
  };
  return [action(t(paused ? "room.resume" : "room.pause"), () => ask(paused ? "resume" : "pause")), action(t("room.stop"), stop, { class: "primary" })];
}

// The live picture: asked for again once it is there, and only while somebody looks.
function preview(name, life) {
  const image = h("img", { class: "preview", alt: t("room.preview", { studio: name }), width: 640, height: 360 });
  const away = h("div", { class: "preview none" }, t("room.nopicture"));
  const frame = h("div", { class: "frame" }, away);
  let ended = false;
  let shown = null;
  life.add(() => {
    ended = true;
    if (shown) URL.revokeObjectURL(shown);
  });
  const again = () => !ended && setTimeout(look, document.hidden ? 4 * PREVIEW_MS : PREVIEW_MS);
  async function look() {
    if (ended) return;
    try {
      const answer = await fetch(`/api/recordings/preview?studio=${encodeURIComponent(name)}&format=json`);
      const { image: data } = await answer.json();
      if (data) image.src = data;
      if (frame.firstChild !== (data ? image : away)) replace(frame, data ? image : away);
    } catch {
      replace(frame, away);
    }
    again();
  }
  look();
  return frame;
}

// Level meters and free disk come from the exporter's snapshot, where it knows this studio.
function heard(parts, meters, data, { studio, recording }) {
  const known = data?.studios.find((each) => each.name === studio && each.up);
  meters(known?.inputs ?? [], (input) => input.name);
  if (!known || known.disk_available_bytes === null) return say(parts.disk, "–");
  const free = known.disk_available_bytes;
  const { bytes: written, duration: length } = known.record;
  const pace = recording && length > 10 && written ? written / length : null;
  return say(parts.disk, pace ? t("room.hours", { free: bytes(free), hours: number(free / pace / 3600, 0) }) : bytes(free));
}

const FLOOR = -60;

function meter(input) {
  const level = h("div", { class: "level" });
  const words = h("small", { class: "numbers" });
  const bar = h("div", { class: "bar", role: "meter", "aria-label": input.name, "aria-valuemin": FLOOR, "aria-valuemax": 0 }, level);
  return {
    node: h("div", { class: "meter" }, h("small", {}, input.name), bar, words),
    update({ muted, peak }) {
      const value = Math.max(FLOOR, Math.min(0, peak ?? FLOOR));
      level.style.setProperty("--level", muted ? 0 : 1 - value / FLOOR);
      bar.setAttribute("aria-valuenow", Math.round(value));
      say(words, muted ? t("room.muted") : peak === null || peak <= FLOOR ? t("room.silent") : `${number(peak)} dB`);
    },
  };
}

async function tellNext(node, studio) {
  try {
    const schedules = await get("/schedules", { studio });
    const coming = schedules.filter((each) => each.studio === studio && each.next.length).map((each) => ({ ...each.next[0], title: each.title }));
    coming.sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
    const [first] = coming;
    if (!first) return say(node, t("room.nothing"));
    const when = `${longDay(dayOf(first.start), { weekday: "short", day: "numeric", month: "short" })} ${clockOf(first.start)}–${clockOf(first.end)}`;
    say(node, [first.title, when, ago(Date.parse(first.start))].filter(Boolean).join(" · "));
  } catch {
    // The banner says that nothing can be reached.
  }
  return undefined;
}

// What is wrong, in words, and what to do: from the health report and from the streams.
async function tellTroubles(root, context) {
  let details;
  try {
    const answer = await fetch("/api/health");
    const told = await answer.json();
    details = told.data.details ?? [];
  } catch {
    return;
  }
  const found = details.filter((check) => check.status !== "ok").map((check) => ({ key: check.name, text: check.reason, since: check.since, todo: todo(check.name) }));
  const { data, feed } = context.streams.value;
  if (!feed.connected) found.push({ key: "feed", text: feed.error ?? "", todo: t("room.todo.feed") });
  for (const server of data?.servers ?? []) {
    if (!server.up) found.push({ key: `server ${server.name}`, text: t("room.server", { name: server.name, error: server.error ?? "" }), todo: t("room.todo.server") });
    for (const path of server.paths) if (path.state === "offline" || path.state === "frozen") found.push({ key: `path ${server.name}/${path.name}`, text: t(`room.path.${path.state}`, { name: path.name }), todo: t("room.todo.path") });
  }
  replace(root, found.length ? found.map(trouble) : h("p", { class: "fine" }, `✓ ${t("room.fine")}`));
}

const KINDS = ["obs", "disk", "library", "database", "scheduler", "recordings"];

function todo(name) {
  const kind = name.split(" ")[0];
  return t(`room.todo.${KINDS.includes(kind) ? kind : "other"}`);
}

function trouble({ text, since, todo }) {
  return h("div", { class: "trouble" }, h("strong", {}, text), h("span", {}, todo), since && h("small", {}, t("room.for", { since: ago(Date.parse(since)) })));
}

const CHARTS = [
  ["inbound_bitrate", bitrate],
  ["viewers", (value) => number(value)],
  ["dropped_frames", (value) => number(value)],
  ["disk_available_bytes", bytes],
];

function showCharts(root, life) {
  const drawn = CHARTS.map(([name, format]) => [name, chart(t(`room.chart.${name}`), format)]);
  replace(root, drawn.map(([, each]) => each.node));
  life.every(SLOW_SECONDS, async () => {
    try {
      const hour = await get("/streams/charts");
      const from = hour.times.length ? ago(hour.times[0] * 1000) : "";
      for (const [name, each] of drawn) each.draw(hour[name], { from });
    } catch {
      // The next look will tell.
    }
  });
}
