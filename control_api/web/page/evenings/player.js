// The player: one video, or a whole evening of several movies, stepped through by frame, with the
// clock under the frame. All times are seconds of the whole, without gaps.

import { get, Problem } from "../lib/api.js";
import { h, say } from "../lib/dom.js";
import { duration, percent } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { fail } from "../lib/ui.js";
import { clockAt } from "./clock.js";

// `movies`: [{start, end, url, offset, video_id}]; with a `video_id` its play.json says when it plays.
export function makePlayer({ whole, movies, at = 0, isLeaving = () => false, life }) {
  const { fps } = whole;
  const screen = h("video", { class: "screen", playsinline: true, controls: true, preload: "metadata", "aria-label": t("evenings.video") });
  const clock = h("output", { class: "clock numbers", "aria-label": t("evenings.clock") });
  const note = h("p", { class: "soft", role: "status" });
  const frame = 1 / fps;
  const listeners = new Set();
  // The time of the frame that is shown; currentTime may lie anywhere within it.
  let shown = at;
  let current = null;
  let isLoaded = false;
  let wanted = at;
  let ended = false;
  life.add(() => { ended = true; });

  const inMovie = (time) => time - current.start + current.offset;
  const tell = () => {
    say(clock, clockAt(whole, shown, 2) || duration(shown));
    for (const listener of listeners) listener(shown);
  };
  const onFrame = (_, { mediaTime }) => {
    screen.requestVideoFrameCallback(onFrame);
    if (!isLoaded) return;
    shown = current.start + mediaTime - current.offset;
    if (shown > current.end - frame / 2 && next()) follow(!screen.paused);
    else tell();
  };
  if (screen.requestVideoFrameCallback) screen.requestVideoFrameCallback(onFrame);
  else life.on(screen, "timeupdate", () => { if (isLoaded) { shown = current.start + screen.currentTime - current.offset; tell(); } });
  life.on(screen, "loadeddata", () => say(note, ""));
  life.on(screen, "ended", () => next() && follow(true));
  life.on(screen, "error", () => {
    if (!isLoaded) return;
    if (next() && wasPlaying) follow(true);
    else say(note, t("evenings.unplayable"));
  });
  life.add(() => screen.removeAttribute("src"));

  const next = () => movies[movies.indexOf(current) + 1];
  let wasPlaying = false;
  const follow = (plays) => {
    const movie = next();
    load(movie, movie.start, { plays }).catch(fail);
    say(note, t("evenings.nextpart"));
  };

  async function load(movie, time, { plays = false } = {}) {
    [current, wanted, isLoaded, wasPlaying] = [movie, time, false, plays];
    const url = movie.video_id ? await ready(movie.video_id, note, () => ended || current !== movie, isLeaving) : movie.url;
    if (!url || ended || current !== movie) return;
    screen.src = url;
    screen.currentTime = inMovie(wanted);
    isLoaded = true;
    if (plays) screen.play().catch(() => {});
  }

  const seek = (time) => {
    const place = Math.max(0, Math.min(whole.duration - frame / 2, time));
    const movie = movies.find(({ end }) => place < end) ?? movies.at(-1);
    if (movie !== current) {
      load(movie, place, { plays: current !== null && !screen.paused }).catch(fail);
      shown = place;
      tell();
    } else if (isLoaded) screen.currentTime = inMovie(place);
    else wanted = place;
  };
  // Into the middle of the frame: on its edge, rounding would choose its neighbour.
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
  seek(at);
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

// The address of one video; where a job has to make it playable first, it is waited for.
async function ready(id, note, isOver, isLeaving) {
  for (let isFirst = true; !isOver(); isFirst = false) {
    const how = await get(`/videos/${id}/play.json`).catch((problem) => {
      if (!isOver() && !isLeaving()) throw problem;
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
