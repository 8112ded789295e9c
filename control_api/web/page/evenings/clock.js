// From the clock of the house to seconds into a video and back. Pure.
// `anchors` say when a video goes on after each pause: [{offset, time}], the first at its beginning.

import { clockOf, later } from "../lib/format.js";

const CLOCK = /^\s*(\d{1,2}):([0-5]?\d)(?::([0-5]?\d)(?:[.,](\d{1,3}))?)?\s*$/;

export function piecesOf({ anchors, start, duration }) {
  const known = anchors.length ? anchors : start ? [{ offset: 0, time: start }] : [];
  return known.map(({ offset, time }, at) => ({ offset, time, end: known[at + 1]?.offset ?? duration }));
}

// "20:31:10", with `digits` of the second; "" where nobody knows when it was shot.
export function clockAt(video, offset, digits = 0) {
  const piece = piecesOf(video).findLast((each) => each.offset <= offset + 1e-6);
  return piece ? later(piece.time, offset - piece.offset, digits).clock : "";
}

// The point in time as ISO 8601 with the house's offset.
export function isoAt(video, offset) {
  const piece = piecesOf(video).findLast((each) => each.offset <= offset + 1e-6) ?? piecesOf(video)[0];
  const { day, clock } = later(piece.time, offset - piece.offset, 3);
  return `${day}T${clock}${/([+-]\d{2}:\d{2}|Z)$/.exec(piece.time)[0]}`;
}

// What somebody typed as seconds into the video: a clock time of the house, or minutes and seconds
// where that is unknown. Null if it is neither. It may be beyond the video's end.
export function offsetOf(video, typed) {
  const found = CLOCK.exec(typed);
  if (!found) return null;
  const [, first, second, third, part] = found;
  const fraction = Number(`0.${part ?? 0}`);
  const pieces = piecesOf(video);
  if (!pieces.length) return third === undefined ? Number(first) * 60 + Number(second) : Number(first) * 3600 + Number(second) * 60 + Number(third) + fraction;
  const wanted = Number(first) * 3600 + Number(second) * 60 + Number(third ?? 0) + fraction;
  if (Number(first) > 23) return null;
  const places = pieces.map(({ offset, time, end }) => {
    const passed = (wanted - secondsOfDay(time) + 86_400) % 86_400;
    return { at: offset + passed, inside: passed <= end - offset };
  });
  return (places.find((place) => place.inside) ?? places.at(-1)).at;
}

// A clock time as seconds of the day; null if it is none.
export function parsed(typed) {
  const found = CLOCK.exec(typed);
  if (!found || Number(found[1]) > 23) return null;
  const [, hours, minutes, seconds, part] = found;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0) + Number(`0.${part ?? 0}`);
}

// The place of a moment (ms) as seconds from the beginning of the video; before it they are below 0.
export function offsetAt(video, moment) {
  const pieces = piecesOf(video);
  const piece = pieces.findLast(({ time }) => Date.parse(time) <= moment) ?? pieces[0];
  return piece.offset + (moment - Date.parse(piece.time)) / 1000;
}

export function secondsOfDay(iso) {
  const [hours, minutes, seconds] = clockOf(iso, true).split(":").map(Number);
  return hours * 3600 + minutes * 60 + seconds + Number(/\.\d+/.exec(iso)?.[0] ?? 0);
}
