// One video, or the whole evening that it is a part of.

import { get, patch, post } from "../lib/api.js";
import { h, replace, say } from "../lib/dom.js";
import { clockOf, dayOf, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { reasonText } from "../lib/reasons.js";
import { action, dialog, fail, field } from "../lib/ui.js";
import { arrangeButton } from "./arrange.js";
import { eveningBar, gapText, videoBar } from "./bar.js";
import { showMarks } from "./marks.js";
import { makePlayer } from "./player.js";
import { deleteVideo, sayDeleted } from "./trash.js";
import { beginOf, pieceAt, programme, wholeOf } from "./whole.js";

const EXAMINED_MS = 1_000;

export async function showVideo(root, { day, id, context, life }) {
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
  if (evening?.spans.some(({ video_id: part }) => part === video.id) && evening.spans.length > 1) {
    await showEvening(root, { day, video, evening, context, life });
    return;
  }
  const whole = { ...video, fps: fpsOf(video) };
  const player = makePlayer({ whole, movies: [{ start: 0, end: video.duration, offset: 0, video_id: video.id }], isLeaving: () => video.leaving, life });
  const bar = videoBar(video, player, life);
  const marks = showMarks({ whole, video, evening, player, bar, context, life });
  replace(
    root,
    head(video, day, context, evening && context.may("operator") && arrangeButton(evening, () => video.id, () => again(context))),
    h("h2", {}, heading(video)),
    video.reason_code && h("p", { class: "soft" }, reasonOf(video)),
    evening?.gaps.map((gap) => h("small", {}, gapText(gap))),
    h("div", { class: "cutting" }, h("div", { class: "stack" }, player.node, bar.node, player.steps), marks.node),
  );
  keys(life, player, marks);
}

// All parts of an evening in one player, from the beginning of `video` on.
async function showEvening(root, { day, video, evening, context, life }) {
  let ended = false;
  life.add(() => { ended = true; });
  const note = h("p", { class: "soft", role: "status" });
  replace(root, note);
  let play;
  try {
    play = await programme(evening, () => ended, (state) => say(note, t("evenings.looking", state)));
  } catch (problem) {
    replace(root, h("p", { role: "alert" }, problem.message), h("a", { href: "#/evenings" }, t("evenings.back")));
    return;
  }
  if (!play || ended) return;
  const whole = wholeOf(play, fpsOf(video));
  const player = makePlayer({ whole, movies: play.movies, at: beginOf(whole, video.id), isLeaving: () => video.leaving, life });
  const bar = eveningBar(evening, whole, player, life);
  const marks = showMarks({ whole, video, evening, player, bar, context, life });
  const top = h("div");
  const reason = h("p", { class: "soft" });
  const about = (part) => {
    replace(top, head(part, day, context, context.may("operator") && arrangeButton(evening, () => pieceAt(whole, player.shown).video_id, () => again(context))));
    say(reason, part.reason_code ? reasonOf(part) : "");
    reason.hidden = !part.reason_code;
  };
  about(video);
  let part = video.id;
  player.watch((shown) => {
    const { video_id: now } = pieceAt(whole, shown);
    if (now === part) return;
    part = now;
    context.stay("evenings", day, now);
    get(`/videos/${now}`).then((found) => { if (part === found.id && !ended) about(found); }, fail);
  });
  replace(
    root,
    top,
    h("h2", {}, [evening.title || video.title || video.name, longDay(evening.date), `${clockOf(evening.start)}–${clockOf(evening.end)}`].join(" · ")),
    reason,
    h("div", { class: "cutting" }, h("div", { class: "stack" }, player.node, bar.node, player.steps), marks.node),
  );
  keys(life, player, marks);
}

const fpsOf = ({ tracks }) => tracks.find((track) => track.kind === "video")?.fps || 25;

const again = (context) => context.here.set({ ...context.here.value });

const head = (video, day, context, more) => h("div", { class: "row spread" }, h("a", { href: `#/evenings/${encodeURIComponent(day)}` }, `← ${t("evenings.back")}`), manage(video, context, more));

const reasonOf = ({ reason_code: code, reason_params: params, reason }) => code && reasonText(code, params, reason);

const heading = (video) => [video.title || video.evening_title || video.name, video.start && longDay(dayOf(video.start)), video.start && clockOf(video.start)].filter(Boolean).join(" · ");

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
function manage(video, context, more) {
  const parts = [more, h("a", { class: "button", href: `/api/videos/${video.id}/download`, download: "" }, t("evenings.whole"))];
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
