// What is wrong and what to do: from studios, the health report and the streams.

import { h, keyed, say } from "../lib/dom.js";
import { clockHere } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { grave, isGeneral } from "./grave.js";

const LOOK_SECONDS = 5;
const KINDS = ["obs", "disk", "library", "scheduler", "recordings"];
const BAD = ["offline", "frozen"];

// `statuses` is a signal of the studios' statuses, null before the first. The first line is the gravest
// fault of all recordings; the others are a list.
export function troubles(statuses, context, life) {
  const first = h("div", { class: "troubles", role: "alert" });
  const list = h("div", { class: "troubles" });
  const fine = h("p", { class: "fine", hidden: true }, `✓ ${t("room.fine")}`);
  const [drawFirst, draw] = [keyed(first, trouble), keyed(list, trouble)];
  let checks = null;
  const tell = () => {
    const [gravest, ...others] = grave(statuses.value ?? [], checks ?? []);
    drawFirst(gravest ? [gravest] : [], (each) => each.key);
    // Before the first answer nobody knows.
    if (checks === null) return;
    const found = [...others, ...checks.filter((check) => !isGeneral(check)).map(ofCheck), ...ofStreams(context.streams.value)];
    draw(found, (each) => each.key);
    const isFaulty = (statuses.value ?? []).some(({ faults }) => faults.length > 0);
    fine.hidden = isFaulty || Boolean(gravest) || found.length > 0;
  };
  life.every(LOOK_SECONDS, async () => {
    checks = (await failing()) ?? checks;
    tell();
  });
  life.add(statuses.watch(tell));
  life.add(context.streams.watch(tell));
  return h("div", { class: "stack tight" }, first, h("section", { "aria-live": "polite", "aria-label": t("room.troubles") }, list, fine));
}

// The checks that fail; null if nobody can be asked: the banner tells that.
async function failing() {
  try {
    // 503 is an answer too: a recording that is due cannot run.
    const told = await (await fetch("/api/health")).json();
    return (told.data?.details ?? []).filter((check) => check.status !== "ok");
  } catch {
    return null;
  }
}

function ofCheck({ name, reason, since }) {
  const kind = name.split(" ")[0];
  return { key: name, text: reason, since: Date.parse(since), todo: t(`room.todo.${KINDS.includes(kind) ? kind : "other"}`) };
}

function ofStreams({ data, feed }) {
  const found = [];
  if (!feed.connected) found.push({ key: "feed", text: feed.error ?? "", since: feed.since * 1000, todo: t("room.todo.feed") });
  for (const { name, up, error, paths } of data?.servers ?? []) {
    if (!up) found.push({ key: `server ${name}`, text: t("room.server", { name, error: error ?? "" }), todo: t("room.todo.server") });
    for (const path of paths) if (BAD.includes(path.state)) found.push({ key: `path ${name}/${path.name}`, text: t(`room.path.${path.state}`, { name: path.name }), todo: t("room.todo.path") });
  }
  return found;
}

function trouble({ isWarning }) {
  const [text, todo, since] = [h("strong"), h("span"), h("small")];
  return {
    node: h("div", { class: isWarning ? "trouble warning" : "trouble" }, text, todo, since),
    update(now) {
      say(text, now.text);
      say(todo, now.todo);
      say(since, [now.since && t("room.for", { clock: clockHere(now.since) }), now.detail].filter(Boolean).join(" · "));
    },
  };
}
