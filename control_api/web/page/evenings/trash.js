// The trash: how much it is, and what can be done with it.

import { del, get, post } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { bytes, clockOf, dayOf, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm, dialog, fail, toast } from "../lib/ui.js";

const nameOf = (video) => video.title || video.name;
const total = (videos) => videos.reduce((sum, video) => sum + video.size, 0);

// Asks which way. Resolves with the video as it was deleted, or null.
export async function deleteVideo(video) {
  const way = await dialog(t("evenings.delete.title"), (close) => [
    h("p", {}, t("evenings.delete.text", { name: nameOf(video), size: bytes(video.size) })),
    h(
      "div",
      { class: "buttons" },
      h("button", { onclick: () => close() }, t("cancel")),
      h("button", { class: "danger", onclick: () => close("?now=true") }, t("evenings.delete.forgood")),
      h("button", { class: "primary", onclick: () => close("") }, t("evenings.delete.trash")),
    ),
  ]);
  if (way === null) return null;
  video.leaving = true;
  try {
    return await del(`/videos/${video.id}${way}`);
  } catch (problem) {
    video.leaving = false;
    throw problem;
  }
}

export function sayDeleted(video, undo) {
  const size = bytes(video.frees_bytes);
  if (video.state === "deleted") toast(t("evenings.deleted.forgood", { size }));
  else toast(t("evenings.deleted", { size, day: longDay(dayOf(video.frees_at), { day: "numeric", month: "long" }), clock: clockOf(video.frees_at) }), { undo });
}

// The actions on one video of the trash; `again` shows what is left.
export function trashActions(video, again) {
  const restore = action(t("evenings.trash.restore"), async () => {
    await post(`/videos/${video.id}/restore`);
    toast(t("evenings.trash.restored"));
    again();
  }, { class: "quiet" });
  const remove = action(t("evenings.delete.forgood"), async () => {
    const text = t("evenings.forgood.text", { name: nameOf(video), size: bytes(video.size) });
    if (!(await confirm(t("evenings.forgood.title"), text, t("evenings.delete.forgood")))) return;
    sayDeleted(await del(`/videos/${video.id}?now=true`));
    again();
  }, { class: "quiet" });
  return h("span", { class: "buttons" }, restore, remove);
}

// How much there is, and a button that empties it.
export function trashSummary(videos, again) {
  const values = { count: videos.length, size: bytes(total(videos)) };
  const empty = action(t("evenings.trash.empty"), async () => {
    if (!(await confirm(t("evenings.trash.empty.title"), t("evenings.trash.empty.text", values), t("evenings.trash.empty")))) return;
    const emptied = await del("/videos/trash");
    const said = { size: bytes(emptied.bytes), count: emptied.kept };
    toast(t(emptied.kept ? "evenings.trash.kept" : "evenings.trash.emptied", said));
    again();
  });
  return h("div", { class: "row spread" }, h("p", { class: "soft" }, t("evenings.trash.about", values)), empty);
}

// The section below the evenings, if there is any. `changed` is called when it is another.
export async function showTrash(root, life, changed) {
  let ended = false;
  life.add(() => { ended = true; });
  const show = async () => {
    const videos = await get("/videos/trash");
    if (ended) return;
    if (!videos.length) replace(root);
    else replace(root, h("h2", {}, t("evenings.trash")), trashSummary(videos, again), h("ul", { class: "paths" }, videos.map((video) => row(video, again))));
  };
  const again = () => {
    show().catch(fail);
    changed();
  };
  await show().catch(fail);
}

function row(video, again) {
  const when = video.start ? `${longDay(dayOf(video.start), { day: "numeric", month: "short" })} ${clockOf(video.start)}` : "";
  return h("li", { class: "row spread clip" }, h("span", { class: "name" }, nameOf(video)), h("small", { class: "numbers" }, [when, bytes(video.size)].filter(Boolean).join(" · ")), trashActions(video, again));
}
