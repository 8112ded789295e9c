// Administration: one panel for each thing; a new one is one module and one line here, with the
// role that may see it.

import { h, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { bundle } from "../lib/signal.js";
import { audit } from "../admin/audit.js";
import { events } from "../admin/events.js";
import { logs } from "../admin/logs.js";
import { machine } from "../admin/machine.js";
import { retention } from "../admin/retention.js";
import { settings } from "../admin/settings.js";
import { studios } from "../admin/studios.js";
import { tokens } from "../admin/tokens.js";

const PANELS = {
  studios: [studios, "operator"],
  settings: [settings, "admin"],
  tokens: [tokens, "admin"],
  retention: [retention, "operator"],
  events: [events, "operator"],
  audit: [audit, "admin"],
  logs: [logs, "admin"],
  machine: [machine, "admin"],
};

export function show(root, context) {
  const life = bundle();
  const place = h("section", { class: "stack" });
  const names = Object.keys(PANELS).filter((name) => context.may(PANELS[name][1]));
  const tabs = names.map((name) => h("a", { href: `#/admin/${name}`, "data-name": name }, t(`admin.${name}`)));
  replace(root, h("nav", { class: "tabs", "aria-label": t("view.admin") }, tabs), place);
  let endPanel = () => {};
  life.add(() => endPanel());
  life.add(context.here.watch(({ name, rest: [wanted] }) => {
    if (name !== "admin") return;
    endPanel();
    const chosen = names.includes(wanted) ? wanted : "studios";
    for (const tab of tabs) {
      if (tab.dataset.name === chosen) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const inner = bundle();
    endPanel = inner.end;
    place.setAttribute("aria-label", t(`admin.${chosen}`));
    // A place of its own for each: a late answer to the panel before must not land in this one.
    const panel = h("div", { class: "stack" });
    replace(place, panel);
    PANELS[chosen][0](panel, context, inner);
  }));
  return life.end;
}
