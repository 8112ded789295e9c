// The time bar: small frames along the whole length by the clock, gaps with their reasons, what is
// marked, and where we are.

import { h } from "../lib/dom.js";
import { clockOf, duration } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { reasonText } from "../lib/reasons.js";
import { patient } from "../lib/ui.js";
import { clockAt } from "./clock.js";
import { pieceAt } from "./whole.js";

const STRIP = 24;

// Of one video.
export function videoBar(video, player, life) {
  const strip = patient(h("img", { class: "strip", alt: "", src: stripUrl(video.id, STRIP) }));
  return bar({ whole: video, axis: { length: video.duration, to: (shown) => shown, from: (place) => place }, under: strip, player, life });
}

// Of an evening: its parts over midnight, and the gaps between them.
export function eveningBar(evening, whole, player, life) {
  const [from, to] = [evening.start, evening.end].map(Date.parse);
  const part = (moment) => (moment - from) / (to - from);
  const vars = ({ start, end }) => ({ "--from": part(Date.parse(start)), "--to": part(Date.parse(end)) });
  const links = evening.spans.map((span) => {
    const link = h("a", { class: "part", href: `#/evenings/${span.start.slice(0, 10)}/${span.video_id}`, "aria-label": range(span), vars: vars(span) }, stripIn(evening, span, part));
    life.on(link, "click", (event) => {
      event.preventDefault();
      player.seek(shownAt(whole, Date.parse(span.start)) + 0.5 / whole.fps);
    });
    return link;
  });
  inTurn(links, life);
  const holes = evening.gaps.map((gap) => h("span", { class: "hole", title: gapText(gap), vars: vars(gap) }));
  player.watch((shown) => {
    const moment = momentAt(whole, shown);
    const at = evening.spans.findLast(({ start }) => Date.parse(start) <= moment + 20) ?? evening.spans[0];
    for (const [place, link] of links.entries()) {
      if (evening.spans[place] === at) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  });
  const axis = {
    length: (to - from) / 1000,
    to: (shown) => (momentAt(whole, shown) - from) / 1000,
    from: (place) => shownAt(whole, from + place * 1000),
  };
  const under = h("div", { class: "evening" }, links, holes);
  return bar({ whole, axis, under, player, life, label: t("evenings.line"), below: evening.gaps.map((gap) => h("small", {}, gapText(gap))) });
}

export const gapText = (gap) => t("evenings.gap", { range: range(gap), reason: reasonText(gap.code, gap.params, gap.reason) });

// The second of the whole that shows a moment (ms), or the next after a gap.
export function shownAt({ pieces, duration: all }, moment) {
  const at = pieces.findLastIndex(({ time }) => Date.parse(time) <= moment);
  if (at < 0) return 0;
  const { start, end, time } = pieces[at];
  return Math.min(start + (moment - Date.parse(time)) / 1000, end, all);
}

function momentAt(whole, shown) {
  const piece = pieceAt(whole, shown);
  return Date.parse(piece.time) + (shown - piece.start) * 1000;
}

function bar({ whole, axis, under, player, life, label = null, below = [] }) {
  const marked = h("div", { class: "marked", hidden: true });
  const slider = h("input", { type: "range", min: 0, max: axis.length, step: 0.01, value: 0, "aria-label": t("evenings.position") });
  life.on(slider, "input", () => player.seek(axis.from(Number(slider.value))));
  player.watch((shown) => {
    slider.value = axis.to(shown);
    slider.setAttribute("aria-valuetext", clockAt(whole, shown) || duration(shown));
  });
  return {
    node: h(label ? "nav" : "div", { class: "stack tight", "aria-label": label }, h("div", { class: "timebar" }, under, marked, slider), below),
    mark(start, end) {
      marked.hidden = start === null || end === null;
      marked.style.setProperty("--from", axis.to(start ?? 0) / axis.length);
      marked.style.setProperty("--to", Math.min(1, axis.to(end ?? 0) / axis.length));
    },
  };
}

// The frames of a part.
function stripIn(evening, span, part) {
  const video = evening.videos.find(({ id }) => id === span.video_id);
  const length = (Date.parse(span.end) - Date.parse(span.start)) / 1000;
  const count = Math.max(1, Math.round(STRIP * (part(Date.parse(span.end)) - part(Date.parse(span.start)))));
  const wide = Math.max(1, (video?.duration ?? length) / length);
  const url = stripUrl(span.video_id, Math.min(STRIP, Math.ceil(count * wide)));
  return h("span", { class: "piece", vars: { "--wide": wide, "--off": wide > 1 ? span.offset / length : 0 } }, patient(h("img", { class: "strip", alt: "", "data-url": url })));
}

// One strip after the other: each keeps the machine busy for a while.
async function inTurn(links, life) {
  let ended = false;
  life.add(() => { ended = true; });
  for (const link of links) {
    const image = link.querySelector("img");
    if (ended) return;
    await new Promise((done) => {
      for (const event of ["load", "error"]) image.addEventListener(event, done, { once: true });
      image.src = image.dataset.url;
    });
  }
}

const stripUrl = (id, count) => `/api/videos/${id}/strip?count=${count}&width=120`;

const range = ({ start, end }) => `${clockOf(start, true)}–${clockOf(end, true)}`;
