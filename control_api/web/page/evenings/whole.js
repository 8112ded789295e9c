// A whole evening as one video, and clock times over all its parts.
//
// `spans` and `gaps` are those of /api/evenings/{id}: [{start, end, …}], disjoint and in order.

import { get } from "../lib/api.js";
import { parsed, secondsOfDay } from "./clock.js";

const AGAIN_MS = 500;

const length = ({ start, end }) => (Date.parse(end) - Date.parse(start)) / 1000;

// How the evening is played, when all its videos are ready; null if `isOver` before.
export async function programme(evening, isOver, tell) {
  while (!isOver()) {
    const play = await get(`/evenings/${evening.id}/play.json`).catch((problem) => {
      if (problem.status !== 503) throw problem;
    });
    if (play?.ready) return play;
    if (play) tell(play);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return null;
}

// Such as a video of /api/videos: each gap is a pause of it.
export function wholeOf({ duration, movies }, fps) {
  const pieces = movies.flatMap((movie) => movie.pieces);
  const anchors = pieces.map(({ start, time }) => ({ offset: start, time }));
  return { start: pieces[0].time, duration, anchors, pieces, fps };
}

// The piece that is shown at a second of the whole.
export const pieceAt = ({ pieces }, shown) => pieces.findLast(({ start }) => start <= shown + 1e-6) ?? pieces[0];

// Within the first frame of a part.
export function beginOf({ pieces, fps }, id) {
  const begin = pieces.find(({ video_id: video }) => video === id)?.start ?? 0;
  return begin ? begin + 0.5 / fps : 0;
}

// The moment (ms) of a clock time in the evening: in a part if one has it; null if none is meant.
export function momentOf(evening, typed) {
  const wanted = parsed(typed);
  if (wanted === null) return null;
  for (const range of [...evening.spans, evening]) {
    const passed = (wanted - secondsOfDay(range.start) + 86_400) % 86_400;
    if (passed <= length(range)) return Date.parse(range.start) + passed * 1000;
  }
  return null;
}

// What of the evening was not recorded between two moments.
export const gapsWithin = ({ gaps }, from, to) => gaps.filter(({ start, end }) => Date.parse(start) < to && from < Date.parse(end));
