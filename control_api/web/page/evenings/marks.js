// Start and end of the clip: set at the picture that is shown, or typed as clock times.

import { post } from "../lib/api.js";
import { h, replace, say } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, field } from "../lib/ui.js";
import { isoAt, offsetAt, offsetOf } from "./clock.js";
import { gapText, shownAt } from "./bar.js";
import { showJob } from "./making.js";
import { gapsWithin, momentOf } from "./whole.js";

const LATER_SECONDS = 12 * 3600;

// `whole` is what is played: `video`, or all parts of `evening`.
export function showMarks({ whole, video, evening, player, bar, context, life }) {
  const { fps } = whole;
  const marks = { start: null, end: null };
  const length = h("p", { class: "numbers", role: "status" });
  const missing = h("p", { class: "soft", role: "status" });
  const wrong = h("p", { class: "problem", role: "alert" });
  const start = entry("start");
  const end = entry("end");
  const title = h("input", { maxlength: 200, placeholder: t("evenings.clip.title.hint") });
  const jobs = h("div", { class: "stack" });

  function entry(which) {
    const input = h("input", { class: "numbers", inputmode: "numeric", autocomplete: "off", placeholder: video.start ? "20:31:10" : "0:00", onchange: () => typed(which, input) });
    return input;
  }

  function typed(which, input) {
    const text = input.value.trim();
    const offset = text === "" ? null : placeOf(text);
    const isKnown = text === "" || (offset !== null && offset <= whole.duration + LATER_SECONDS);
    say(wrong, isKnown ? "" : t("evenings.nottime", { text }));
    if (!isKnown) return;
    set(which, offset, { isTyped: !whole.pieces });
    if (isHere(offset)) player.seek(offset + 0.5 / fps);
  }

  const isHere = (offset) => offset !== null && offset >= 0 && offset < whole.duration;

  // A time in a gap is the second after it.
  function placeOf(text) {
    if (whole.pieces) {
      const moment = momentOf(evening, text);
      return moment === null ? null : shownAt(whole, moment);
    }
    const offset = offsetOf(video, text);
    if (isHere(offset) || !evening || !video.start) return offset;
    const moment = momentOf(evening, text);
    return moment === null ? null : offsetAt(video, moment);
  }

  function set(which, offset, { isTyped = false } = {}) {
    marks[which] = offset;
    if (!isTyped) (which === "start" ? start : end).value = written(which, offset);
    bar.mark(marks.start, marks.end);
    tell();
  }

  const written = (which, offset) => {
    if (offset === null || !whole.start) return offset === null ? "" : duration(offset);
    return (which === "end" && whole.pieces ? endAt : isoAt)(whole, offset).slice(11, 23);
  };

  function tell() {
    const { start: from, end: to } = marks;
    const isRight = from !== null && to !== null && to > from;
    const gaps = isRight && whole.pieces ? gapsWithin(evening, Date.parse(isoAt(whole, from)), Date.parse(endAt(whole, to))) : [];
    say(length, isRight ? t("evenings.length", { length: duration(to - from) }) : "");
    say(missing, gaps.length ? t("evenings.missing", { gaps: gaps.map(gapText).join("; ") }) : "");
    if (from !== null && to !== null) say(wrong, isRight ? "" : t("evenings.backwards"));
    make.disabled = !isRight;
  }

  async function order() {
    const body = { ...asked(whole, video, evening, marks), title: title.value.trim() };
    const job = await post("/clips", body);
    const node = h("section", { class: "panel", "aria-label": t("evenings.clip") });
    jobs.prepend(node);
    showJob(node, job, context, life);
    node.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  const make = action(t("evenings.make"), order, { class: "primary", disabled: true });
  // Half a frame is far from any edge.
  const setStart = () => set("start", Math.max(0, player.shown - 0.25 / fps));
  const setEnd = () => set("end", Math.min(whole.duration, player.shown + 0.75 / fps));
  const here = (word, work) => h("button", { type: "button", onclick: work }, t(word));
  const node = h("div", { class: "stack" });
  if (!context.may("operator")) replace(node, h("p", { class: "soft" }, t("evenings.viewer")));
  else {
    const panel = h(
      "section",
      { class: "panel", "aria-label": t("evenings.clip") },
      h("h3", {}, t("evenings.clip")),
      field(t("evenings.start"), start, t("evenings.start.hint")),
      here("evenings.setstart", setStart),
      field(t("evenings.end"), end, t("evenings.end.hint")),
      here("evenings.setend", setEnd),
      field(t("evenings.clip.title"), title),
      length,
      missing,
      wrong,
      make,
      h("small", { class: "keys" }, t("evenings.keys")),
    );
    replace(node, panel, jobs);
  }
  return { node, setStart, setEnd };
}

// When what ends at a second of the whole ends: where two pieces meet, the first one's end.
function endAt(whole, offset) {
  const before = whole.pieces.findLast(({ start }) => start < offset - 1e-6) ?? whole.pieces[0];
  return isoAt({ ...whole, anchors: [{ offset: before.start, time: before.time }] }, offset);
}

// By the clock over an evening's parts; within one video by seconds, beyond it by the next one.
function asked(whole, video, evening, { start, end }) {
  if (whole.pieces) return { evening_id: evening.id, start: isoAt(whole, start), end: endAt(whole, end) };
  if (end <= video.duration + 0.5 || !video.studio || !video.start) return { video_id: video.id, start, end: Math.min(end, Math.max(video.duration, start)) };
  return { studio: video.studio, start: isoAt(video, start), end: isoAt(video, end) };
}
