// Start and end of the clip: set at the picture that is shown, or typed as clock times.

import { post } from "../lib/api.js";
import { h, replace, say } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, field } from "../lib/ui.js";
import { clockAt, isoAt, offsetAt, offsetOf } from "./clock.js";
import { gapText } from "./line.js";
import { showJob } from "./making.js";
import { momentOf, spanAt, within } from "./whole.js";

const LATER_SECONDS = 12 * 3600;

export function showMarks({ video, evening, marked = "", go, player, bar, fps, context, life }) {
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
    const isKnown = text === "" || (offset !== null && offset <= video.duration + LATER_SECONDS);
    say(wrong, isKnown ? "" : t("evenings.nottime", { text }));
    if (!isKnown) return;
    set(which, offset, { isTyped: true });
    if (isHere(offset)) player.seek(offset + 0.5 / fps);
    else if (which === "start" && offset !== null) follow(offset);
  }

  const isHere = (offset) => offset !== null && offset >= 0 && offset < video.duration;

  // In this video; else in whichever part of its evening has it.
  function placeOf(text) {
    const offset = offsetOf(video, text);
    if (isHere(offset) || !evening || !video.start) return offset;
    const moment = momentOf(evening, text);
    return moment === null ? null : offsetAt(video, moment);
  }

  // Goes to the part that shows it, with what is marked.
  function follow(offset) {
    const part = evening && spanAt(evening, Date.parse(isoAt(video, offset)))?.video_id;
    if (part && part !== video.id) go(part, [marks.start, marks.end].map((each) => (each === null ? "" : isoAt(video, each))).join("~"));
  }

  function take() {
    for (const [at, which] of ["start", "end"].entries()) {
      const iso = marked.split("~")[at];
      if (!Number.isNaN(Date.parse(iso))) set(which, offsetAt(video, Date.parse(iso)));
    }
    if (isHere(marks.start)) player.seek(marks.start + 0.5 / fps);
  }

  function set(which, offset, { isTyped = false } = {}) {
    marks[which] = offset;
    if (!isTyped) (which === "start" ? start : end).value = written(offset);
    bar.mark(marks.start, marks.end);
    tell();
  }

  const written = (offset) => (video.start ? isoAt(video, offset).slice(11, 23) : duration(offset));

  function tell() {
    const { start: from, end: to } = marks;
    const isRight = from !== null && to !== null && to > from;
    const over = isRight && isOver(video, evening, marks) ? within(evening, ...[from, to].map((each) => Date.parse(isoAt(video, each)))) : null;
    say(length, isRight ? t("evenings.length", { length: duration(over ? over.seconds : to - from) }) : "");
    say(missing, over?.gaps.length ? t("evenings.missing", { gaps: over.gaps.map(gapText).join("; ") }) : "");
    if (from !== null && to !== null) say(wrong, isRight ? "" : t("evenings.backwards"));
    make.disabled = !isRight;
  }

  async function order() {
    const body = { ...asked(video, evening, marks), title: title.value.trim() };
    const job = await post("/clips", body);
    const node = h("section", { class: "panel", "aria-label": t("evenings.clip") });
    jobs.prepend(node);
    showJob(node, job, context, life);
    node.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  const make = action(t("evenings.make"), order, { class: "primary", disabled: true });
  // Just before the picture begins, and within the last one: half a frame is far from any edge.
  const setStart = () => set("start", Math.max(0, player.shown - 0.25 / fps));
  const setEnd = () => set("end", Math.min(video.duration, player.shown + 0.75 / fps));
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
    if (video.start) take();
  }
  return { node, setStart, setEnd };
}

// Whether it takes other parts of the evening than this video.
const isOver = (video, evening, { start, end }) => Boolean(evening && video.start && (start < 0 || end > video.duration + 0.5));

// Within this video by seconds; beyond it by the clock, over the parts of its evening, or over the
// seam to the studio's next one.
function asked(video, evening, { start, end }) {
  if (isOver(video, evening, { start, end })) return { evening_id: evening.id, start: isoAt(video, start), end: isoAt(video, end) };
  if (end <= video.duration + 0.5 || !video.studio || !video.start) return { video_id: video.id, start, end: Math.min(end, Math.max(video.duration, start)) };
  return { studio: video.studio, start: isoAt(video, start), end: isoAt(video, end) };
}
