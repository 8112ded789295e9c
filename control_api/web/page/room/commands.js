// The buttons of a studio: what an operator can do with its recording now.

import { post } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { dayAndClock, later } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm, dialog, field, toast } from "../lib/ui.js";

const LONGER = "15m";
const PROPOSED_SECONDS = 1800;
const OVER = ["checking", "finished", "damaged"];

// `now()` is the studio's status, `changed(status)` takes the next one, `stopping()` notes that OBS
// was asked to stop and still writes. `update()` of the returned {node, update} follows the status.
export function commands(context, { now, changed, stopping }) {
  const node = h("div", { class: "buttons" });
  const ask = async (what, body = {}) => post(`/recordings/${what}`, { studio: now().studio, ...body });
  const longer = (status) => {
    changed(status);
    toast(t("room.longer.done", { clock: dayAndClock(status.until) }));
  };
  const make = {
    record: () => action(t("room.record"), async () => changed(await ask("start")), { class: "danger record", disabled: !now().connected }),
    pause: () => action(t("room.pause"), async () => changed(await ask("pause"))),
    resume: () => action(t("room.resume"), async () => changed(await ask("resume"))),
    stop: () => action(t("room.stop"), () => stop(now(), ask, stopping), { class: "primary" }),
    longer: () => action(t("room.longer"), async () => longer(await ask("extend", { longer_by: LONGER }))),
    until: () => action(t("room.until"), () => until(now(), ask, longer)),
    follow: () => action(t("room.follow"), () => follow(now(), ask, changed), { title: undone(now()) }),
  };
  let key;
  return {
    node,
    update(isStopping) {
      const next = context.may("operator") ? offered(now(), isStopping) : [];
      const nextKey = [...next, now().connected, now().reason_code].join();
      if (nextKey !== key) replace(node, next.map((name) => make[name]()));
      key = nextKey;
    },
  };
}

// The names of what makes sense; nothing does where another Leitstand is in control.
function offered({ recording, paused, desired, until: end, overridden, faults }, isStopping) {
  if (faults.some(({ code }) => code === "other_leitstand")) return [];
  const basic = isStopping ? [] : recording ? [paused ? "resume" : "pause", "stop"] : ["record"];
  return [...basic, ...(desired && end ? ["longer", "until"] : []), ...(overridden ? ["follow"] : [])];
}

async function stop({ studio }, ask, stopping) {
  if (!(await confirm(t("room.stop.title"), t("room.stop.text", { studio }), t("room.stop")))) return;
  const recording = await ask("stop");
  if (!recording || OVER.includes(recording.state)) return;
  stopping();
  toast(t("room.stop.asked"));
}

function until({ studio, until: end }, ask, longer) {
  const clock = h("input", { type: "time", required: true, value: later(end, PROPOSED_SECONDS).clock.slice(0, 5) });
  const go = async (close) => {
    if (!clock.reportValidity()) return;
    longer(await ask("extend", { until: clock.value }));
    close();
  };
  return dialog(t("room.until.title", { studio }), (close) => [
    field(t("room.until.clock"), clock, t("room.until.hint", { clock: dayAndClock(end) })),
    h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => close() }, t("cancel")), action(t("room.until.go"), () => go(close), { class: "primary" })),
  ]);
}

async function follow(status, ask, changed) {
  if (await confirm(t("room.follow.title"), undone(status), t("room.follow"))) changed(await ask("follow-schedule"));
}

// What going back to the schedule undoes.
function undone({ reason_code: code, reason_params: params }) {
  const key = code === "started_by" || code === "stopped_by" ? code : "extended";
  return t(`room.follow.${key}`, params);
}
