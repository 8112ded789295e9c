// What is wrong with one studio: a list, the most severe first, each with its beginning.

import { h, keyed, say } from "../lib/dom.js";
import { dayAndClock } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { reasonText } from "../lib/reasons.js";
import { GENERAL } from "./grave.js";

// `update(faults)` of the returned {node, update} takes those of the studio's status.
export function faultList() {
  // A text that only counts seconds on is not read out again.
  const node = h("ul", { class: "faults", hidden: true, "aria-label": t("room.troubles"), "aria-live": "assertive", "aria-relevant": "additions", "aria-atomic": "false" });
  const draw = keyed(node, fault);
  return {
    node,
    update(faults) {
      const own = faults.filter(({ code }) => !GENERAL.includes(code));
      node.hidden = own.length === 0;
      draw(own, ({ code }) => code);
    },
  };
}

function fault() {
  const [text, since] = [h("span"), h("small", { class: "numbers" })];
  return {
    node: h("li", { class: "fault" }, text, since),
    update(now) {
      say(text, reasonText(now.code, now.params, now.text));
      say(since, t("room.for", { clock: dayAndClock(now.since) }));
    },
  };
}
