// The live picture: asked for again once it is there, and only while somebody looks.

import { h, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

const AGAIN_MS = 1_000;

export function preview(name, life) {
  const image = h("img", { class: "preview", alt: t("room.preview", { studio: name }), width: 640, height: 360 });
  const away = h("div", { class: "preview none" }, t("room.nopicture"));
  const frame = h("div", { class: "frame" }, away);
  let ended = false;
  let timer;
  life.add(() => {
    ended = true;
    clearTimeout(timer);
  });
  async function look() {
    const data = await picture(name);
    if (ended) return;
    if (data) image.src = data;
    if (frame.firstChild !== (data ? image : away)) replace(frame, data ? image : away);
    timer = setTimeout(look, document.hidden ? 4 * AGAIN_MS : AGAIN_MS);
  }
  look();
  return frame;
}

async function picture(name) {
  try {
    const answer = await fetch(`/api/recordings/preview?studio=${encodeURIComponent(name)}&format=json`);
    return (await answer.json()).image ?? null;
  } catch {
    return null;
  }
}
