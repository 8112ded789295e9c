// The clips that are there already.

import { del, get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { bytes, clockOf, dayOf, duration, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm, dialog, fail } from "../lib/ui.js";
import { showClip } from "./making.js";

export async function showClips(root, context, life) {
  let ended = false;
  life.add(() => { ended = true; });
  try {
    const clips = await get("/clips", { limit: 50 });
    if (!ended && clips.length) replace(root, h("h2", {}, t("evenings.clips")), h("ul", { class: "paths" }, clips.map((clip) => row(clip, context, () => showClips(root, context, life)))));
    else replace(root);
  } catch (problem) {
    fail(problem);
  }
}

function row(clip, context, again) {
  const when = clip.start ? `${longDay(dayOf(clip.start), { day: "numeric", month: "short" })} ${clockOf(clip.start, true)}` : "";
  const open = () => dialog(clip.title || t("evenings.clip"), (close) => {
    const inside = h("div", { class: "stack" });
    showClip(inside, clip, context);
    return [inside, h("div", { class: "buttons" }, h("button", { onclick: () => close() }, t("close")))];
  });
  const remove = action(t("delete"), async () => {
    if (!(await confirm(t("evenings.clip.delete"), t("evenings.clip.delete.text"), t("delete")))) return;
    await del(`/clips/${clip.id}`);
    again();
  }, { class: "quiet" });
  return h("li", { class: "row spread clip" }, h("button", { class: "quiet name", onclick: open }, clip.title || when || t("evenings.clip")), h("small", { class: "numbers" }, [when, duration(clip.duration), bytes(clip.size)].filter(Boolean).join(" · ")), context.may("operator") && remove);
}
