// Studios: mute, audio check, camera, logo.

import { get, post } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { action, empty, loaded, toast } from "../lib/ui.js";

const LISTEN_SECONDS = 3;

export function studios(root) {
  const again = () => loaded(root, () => get("/admin/status"), ({ studios: found, version }) => [
    h("p", { class: "soft" }, `Leitstand ${version}`),
    found.length ? h("div", { class: "grid" }, found.map((each) => studio(each, again))) : empty(t("room.none")),
  ]);
  again();
}

function studio(one, again) {
  const heard = h("div", { class: "stack tight", role: "status" });
  const ask = (path, body = {}) => async () => {
    await post(`/admin/${path}`, { studio: one.name, ...body });
    toast(t("admin.done"));
    again();
  };
  const check = async () => {
    const { inputs } = await post("/admin/audio/check", { studio: one.name, seconds: LISTEN_SECONDS });
    replace(heard, inputs.length ? inputs.map((each) => h("p", { class: each.working ? "" : "problem" }, each.message)) : t("admin.noaudio"));
  };
  const facts = [
    ["admin.obs", one.connected ? one.obs_version : one.reason],
    ["admin.scene", one.scene],
    ["admin.guard", one.guard.minutes ? `${one.guard.state}: ${one.guard.reason}` : t("admin.guard.off")],
  ];
  return h(
    "article",
    { class: "panel", "aria-label": one.name },
    h("div", { class: "row spread" }, h("h2", {}, one.name), h("span", { class: one.connected ? "badge live" : "badge wrong" }, t(one.connected ? "admin.connected" : "room.state.away"))),
    h("dl", {}, facts.map(([word, value]) => h("div", {}, h("dt", {}, t(word)), h("dd", {}, value ?? "–")))),
    h("div", { class: "row" }, action(t("admin.listen"), check), action(t(one.muted ? "admin.unmute" : "admin.mute"), ask(one.muted ? "unmute" : "mute")), action(t("admin.camera"), ask("camera/reload")), action(t("admin.logo.on"), ask("logo", { visible: true })), action(t("admin.logo.off"), ask("logo", { visible: false }))),
    heard,
    one.missing.length > 0 && h("details", {}, h("summary", {}, t("admin.missing", { count: one.missing.length })), h("ul", {}, one.missing.map((each) => h("li", {}, each)))),
  );
}
