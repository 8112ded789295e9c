// Level meters: how loud each input of a studio is; an operator mutes it here.

import { post } from "../lib/api.js";
import { h, keyed, say } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action } from "../lib/ui.js";

const FLOOR = -60;

// `update(inputs)` of the returned {node, update} takes those of the exporter's snapshot.
export function meters(studio, context) {
  const node = h("div", { class: "meters" });
  const draw = keyed(node, (input) => meter(studio, input, context));
  return { node, update: (inputs) => draw(inputs, (input) => input.name) };
}

function meter(studio, input, context) {
  const level = h("div", { class: "level" });
  const words = h("small", { class: "numbers" });
  const bar = h("div", { class: "bar", role: "meter", "aria-label": input.name, "aria-valuemin": FLOOR, "aria-valuemax": 0 }, level);
  let now = input;
  const turn = () => post(`/admin/${now.muted ? "unmute" : "mute"}`, { studio, input: input.name });
  const button = context.may("operator") && action("", turn, { class: "quiet" });
  return {
    node: h("div", { class: "meter" }, h("small", {}, input.name), bar, words, button),
    update(next) {
      now = next;
      const value = Math.max(FLOOR, Math.min(0, next.peak ?? FLOOR));
      level.style.setProperty("--level", next.muted ? 0 : 1 - value / FLOOR);
      bar.setAttribute("aria-valuenow", Math.round(value));
      say(words, next.muted ? t("room.muted") : value <= FLOOR ? t("room.silent") : `${number(value)} dB`);
      if (!button) return;
      say(button, t(next.muted ? "room.unmute" : "room.mute"));
      button.setAttribute("aria-label", t(next.muted ? "room.unmute.input" : "room.mute.input", { name: input.name }));
    },
  };
}
