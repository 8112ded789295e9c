// The page: who is signed in, which view is shown, and what all views share.

import { get, lost, post, signedOut } from "./lib/api.js";
import { h, replace } from "./lib/dom.js";
import { choose, language, t } from "./lib/i18n.js";
import { bundle, signal } from "./lib/signal.js";
import { streams } from "./lib/streams.js";
import { happenings } from "./lib/happenings.js";
import { fail } from "./lib/ui.js";
import { ago } from "./lib/format.js";
import * as login from "./views/login.js";
import * as room from "./views/room.js";
import * as streamsView from "./views/streams.js";
import * as evenings from "./views/evenings.js";
import * as schedule from "./views/schedule.js";
import * as admin from "./views/admin.js";

// A view is one module with `show(root, context) -> end` and one line here.
const VIEWS = [
  { name: "room", module: room, icon: "◉" },
  { name: "streams", module: streamsView, icon: "≋" },
  { name: "evenings", module: evenings, icon: "▷" },
  { name: "schedule", module: schedule, icon: "▦" },
  { name: "admin", module: admin, icon: "⚙", role: "operator" },
];
const RANK = { viewer: 1, operator: 2, admin: 3 };

const app = document.getElementById("app");
const here = signal(place());
let shown = () => {};

function place() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
  return { name: VIEWS.some((view) => view.name === name) ? name : "room", rest };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

async function begin() {
  shown();
  shown = () => {};
  let caller;
  try {
    caller = await get("/auth/session");
  } catch (problem) {
    replace(app, h("main", { class: "alone" }, h("h1", {}, "Leitstand"), h("p", { role: "alert" }, problem.message)));
    setTimeout(begin, 2_000);
    return;
  }
  if (caller === null) enter();
  else shown = inside(caller);
}

function enter() {
  const root = h("main", { class: "alone" });
  replace(app, root);
  shown = login.show(root, { entered: () => { signedOut.set(false); begin(); } });
}

function inside(caller) {
  const life = bundle();
  const context = {
    caller,
    may: (role) => RANK[caller.role] >= RANK[role],
    here,
    go: (...steps) => { location.hash = `#/${steps.map(encodeURIComponent).join("/")}`; },
    // Another place in what is shown already: only the address changes.
    stay: (...steps) => {
      history.replaceState(null, "", `#/${steps.map(encodeURIComponent).join("/")}`);
      Object.assign(here.value, place());
    },
    streams: streams(life),
    events: happenings(life),
  };
  const main = h("main", { id: "main", tabindex: "-1" });
  const links = VIEWS.filter((view) => !view.role || context.may(view.role)).map(link);
  replace(
    app,
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("skip")),
    h("header", {}, h("a", { class: "brand", href: "#/room" }, "Leitstand"), h("nav", { "aria-label": t("nav") }, links), menu(caller)),
    banner(life),
    main,
  );
  let endView = () => {};
  let name;
  life.add(here.watch((at) => {
    if (at.name === name) return;
    name = at.name;
    endView();
    for (const each of links) mark(each, each.dataset.view === name);
    document.title = `${t(`view.${name}`)} · Leitstand`;
    const root = h("div", { class: `view ${name}` });
    replace(main, h("h1", { class: "unseen" }, t(`view.${name}`)), root);
    endView = VIEWS.find((view) => view.name === name).module.show(root, context) ?? (() => {});
  }));
  life.add(signedOut.watch((isOut) => isOut && enterAgain()));
  life.add(() => endView());
  return () => life.end();
}

function enterAgain() {
  shown();
  enter();
}

function link({ name, icon }) {
  return h("a", { href: `#/${name}`, "data-view": name }, h("span", { class: "icon", "aria-hidden": "true" }, icon), h("span", {}, t(`view.${name}`)));
}

function mark(link, isHere) {
  if (isHere) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

function menu(caller) {
  const other = language.value === "de" ? "en" : "de";
  const leave = async () => {
    try {
      await post("/auth/logout");
      signedOut.set(true);
    } catch (problem) {
      fail(problem);
    }
  };
  return h(
    "div",
    { class: "menu" },
    h("button", { class: "quiet", lang: other, onclick: () => choose(other) }, other === "de" ? "Deutsch" : "English"),
    h("button", { class: "quiet", title: caller.name, onclick: leave }, t("leave")),
  );
}

// Shows at once that nothing can be reached, and since when.
function banner(life) {
  const node = h("div", { class: "banner", role: "alert", hidden: true });
  const show = () => {
    node.hidden = lost.value === null;
    if (lost.value !== null) replace(node, t("lost", { since: ago(lost.value) }));
  };
  life.add(lost.watch(show));
  life.every(2, () => {
    show();
    // Whoever only looks asks nothing: so this does, and learns whether the login still holds.
    if (lost.value !== null) get("/auth/me").catch(() => {});
  });
  return node;
}

addEventListener("hashchange", () => here.set(place()));
let first = true;
language.watch((each) => {
  document.documentElement.lang = each;
  if (!first) begin();
  first = false;
});
begin();
