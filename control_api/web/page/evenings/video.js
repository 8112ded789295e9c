// One video: watched, stepped through by frame, with the clock under the picture.

import { get, patch, post, Problem } from "../lib/api.js";
import { h, replace, say } from "../lib/dom.js";
import { clockOf, dayOf, duration, longDay, percent } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { reasonText } from "../lib/reasons.js";
import { action, dialog, fail, field, patient } from "../lib/ui.js";
import { clockAt } from "./clock.js";
import { showLine } from "./line.js";
import { showMarks } from "./marks.js";
import { deleteVideo, sayDeleted } from "./trash.js";

const STRIP = 24;
const EXAMINED_MS = 1_000;

// `marked` is what was marked in another part of its evening.
export async function showVideo(root, { day, id, marked, context, life }) {
  let video;
  let evening;
  try {
    video = await get(`/videos/${encodeURIComponent(id)}`);
    evening = video.evening_id && video.state === "ready" ? await get(`/evenings/${video.evening_id}`).catch(() => null) : null;
  } catch (problem) {
    replace(root, h("p", { role: "alert" }, problem.message), h("a", { href: "#/evenings" }, t("evenings.back")));
    return;
  }
  if (video.state === "damaged" || video.state === "unexamined") {
    replace(root, head(video, day, context), h("h2", {}, heading(video)), examination(video, context, life));
    return;
  }
  const fps = video.tracks.find((track) => track.kind === "video")?.fps || 25;
  const player = makePlayer(video, fps, life);
  const bar = timeBar(video, player, life);
  const go = (part, marks) => context.go("evenings", day, part, marks);
  const marks = showMarks({ video, evening, marked, go, player, bar, fps, context, life });
  replace(
    root,
    head(video, day, context),
    h("h2", {}, heading(video)),
    video.reason_code && h("p", { class: "soft" }, reasonOf(video)),
    evening && showLine(evening, { video, day }),
    h("div", { class: "cutting" }, h("div", { class: "stack" }, player.node, bar.node, player.steps), marks.node),
  );
  keys(life, player, marks);
}

const head = (video, day, context) => h("div", { class: "row spread" }, h("a", { href: `#/evenings/${encodeURIComponent(day)}` }, `← ${t("evenings.back")}`), manage(video, context));

const reasonOf = ({ reason_code: code, reason_params: params, reason }) => code && reasonText(code, params, reason);

const heading = (video) => [video.title || video.evening_title || video.name, video.start && longDay(dayOf(video.start)), video.start && clockOf(video.start)].filter(Boolean).join(" · ");

function makePlayer(video, fps, life) {
  const screen = h("video", { class: "screen", playsinline: true, controls: true, preload: "metadata", "aria-label": t("evenings.video") });
  const clock = h("output", { class: "clock numbers", "aria-label": t("evenings.clock") });
  const note = h("p", { class: "soft", role: "status" });
  const frame = 1 / fps;
  // The time of the picture that is shown; currentTime may lie anywhere within it.
  let shown = 0;
  const listeners = new Set();
  const tell = () => {
    say(clock, clockAt(video, shown, 2) || duration(shown));
    for (const listener of listeners) listener(shown);
  };
  const onFrame = (_, { mediaTime }) => {
    shown = mediaTime;
    tell();
    screen.requestVideoFrameCallback(onFrame);
  };
  if (screen.requestVideoFrameCallback) screen.requestVideoFrameCallback(onFrame);
  else life.on(screen, "timeupdate", () => { shown = screen.currentTime; tell(); });
  life.on(screen, "loadeddata", () => say(note, ""));
  life.on(screen, "error", () => say(note, t("evenings.unplayable")));
  life.add(() => screen.removeAttribute("src"));
  ready(video, note, life).then((url) => { if (url) screen.src = url; }, fail);
  const seek = (time) => {
    screen.currentTime = Math.max(0, Math.min(video.duration - frame / 2, time));
  };
  // Into the middle of the picture: on its edge, rounding would choose its neighbour.
  const step = (frames) => {
    screen.pause();
    seek(shown + (frames + 0.5) * frame);
  };
  const button = (word, label, work) => h("button", { type: "button", "aria-label": t(word), title: t(word), onclick: work }, label);
  const steps = h(
    "div",
    { class: "steps", role: "group", "aria-label": t("evenings.steps") },
    button("evenings.back10", "−10 s", () => seek(shown - 10)),
    button("evenings.back1", "−1 s", () => seek(shown - 1)),
    button("evenings.backframe", "◂|", () => step(-1)),
    button("evenings.nextframe", "|▸", () => step(1)),
    button("evenings.next1", "+1 s", () => seek(shown + 1)),
    button("evenings.next10", "+10 s", () => seek(shown + 10)),
  );
  tell();
  return {
    node: h("div", { class: "stack tight" }, h("div", { class: "frame" }, screen), clock, note),
    steps,
    seek,
    step,
    toggle: () => (screen.paused ? screen.play() : screen.pause()),
    get shown() {
      return shown;
    },
    watch(listener) {
      listeners.add(listener);
      listener(shown);
    },
  };
}

// The address to play; where a job has to make it playable first, it is waited for.
async function ready(video, note, life) {
  let ended = false;
  life.add(() => { ended = true; });
  for (let isFirst = true; !ended; isFirst = false) {
    const how = await get(`/videos/${video.id}/play.json`).catch((problem) => {
      // Of a video that is being deleted, or is not shown any more, nothing is said.
      if (!ended && !video.leaving) throw problem;
      return null;
    });
    if (!how) return "";
    if (how.ready) {
      say(note, "");
      return how.url;
    }
    if (isFirst) await fetch(how.url, { method: "HEAD" });
    if (how.job?.state === "failed" && !isFirst) throw new Problem(how.job.error ?? "", 0);
    say(note, t("evenings.making", { reason: how.reason, done: percent(how.job?.progress ?? 0) }));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return "";
}

// Small pictures along the whole length, what is marked, and where we are.
function timeBar(video, player, life) {
  const strip = patient(h("img", { class: "strip", alt: "", src: `/api/videos/${video.id}/strip?count=${STRIP}&width=120` }));
  const range = h("div", { class: "marked", hidden: true });
  const slider = h("input", { type: "range", min: 0, max: video.duration, step: 0.01, value: 0, "aria-label": t("evenings.position") });
  life.on(slider, "input", () => player.seek(Number(slider.value)));
  player.watch((shown) => {
    slider.value = shown;
    slider.setAttribute("aria-valuetext", clockAt(video, shown) || duration(shown));
  });
  return {
    node: h("div", { class: "timebar" }, strip, range, slider),
    mark(start, end) {
      range.hidden = start === null || end === null;
      range.style.setProperty("--from", (start ?? 0) / video.duration);
      range.style.setProperty("--to", Math.min(1, (end ?? 0) / video.duration));
    },
  };
}

function keys(life, player, marks) {
  const work = { " ": player.toggle, ArrowLeft: () => player.step(-1), ArrowRight: () => player.step(1), i: marks.setStart, o: marks.setEnd };
  life.on(document, "keydown", (event) => {
    const busy = event.target.closest("input, textarea, select, button, a, video, dialog");
    if (busy || event.ctrlKey || event.metaKey || event.altKey || !(event.key in work)) return;
    event.preventDefault();
    work[event.key]();
  });
}

// Why the file cannot be watched, and a button that has it examined again.
function examination(video, context, life) {
  const state = h("p", { role: "status" });
  const draw = (now) => say(state, [t(`evenings.state.${now.state}`), reasonOf(now)].filter(Boolean).join(": "));
  const again = action(t("evenings.examine"), async (button) => {
    video = await post(`/videos/${video.id}/examine`);
    say(state, t("evenings.examining"));
    button.disabled = true;
  });
  const look = async () => {
    const now = await get(`/videos/${video.id}`);
    if (now.state !== video.state) context.here.set({ ...context.here.value });
    else if (now.examine_at !== video.examine_at) {
      video = now;
      again.disabled = now.examine_at !== null && Date.parse(now.examine_at) <= Date.now();
      draw(now);
    }
  };
  const timer = setInterval(() => look().catch(() => {}), EXAMINED_MS);
  life.add(() => clearInterval(timer));
  draw(video);
  return h("section", { class: "panel stack" }, state, context.may("operator") ? again : null);
}

// Title, protection, download, deletion.
function manage(video, context) {
  const parts = [h("a", { class: "button", href: `/api/videos/${video.id}/download`, download: "" }, t("evenings.whole"))];
  if (context.may("operator")) {
    parts.push(action(t("evenings.edit"), () => edit(video, context)), protection(video), action(t("delete"), () => remove(video, context), { disabled: video.protected }));
  }
  return h("div", { class: "buttons" }, parts);
}

function protection(video) {
  const word = () => t(video.protected ? "evenings.unprotect" : "evenings.protect");
  const button = action(word(), async () => {
    video.protected = (await post(`/videos/${video.id}/${video.protected ? "unprotect" : "protect"}`)).protected;
    say(button, word());
    button.nextSibling.disabled = video.protected;
  });
  return button;
}

async function edit(video, context) {
  const title = h("input", { value: video.title, maxlength: 200 });
  const notes = h("textarea", { rows: 4, maxlength: 4000, value: video.notes });
  await dialog(t("evenings.edit"), (close) => [
    field(t("evenings.title"), title),
    field(t("evenings.notes"), notes),
    h("div", { class: "buttons" }, h("button", { onclick: () => close() }, t("cancel")), action(t("save"), async () => {
      await patch(`/videos/${video.id}`, { title: title.value, notes: notes.value });
      close();
      context.here.set({ ...context.here.value });
    }, { class: "primary" })),
  ]);
}

async function remove(video, context) {
  const deleted = await deleteVideo(video);
  if (!deleted) return;
  context.go("evenings");
  sayDeleted(deleted, () => post(`/videos/${video.id}/restore`).then(() => context.here.set({ ...context.here.value }), fail));
}
