// Administration: one panel for each thing; a new one is one module and one line here.

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

const PANELS = { studios, settings, tokens, retention, events, audit, logs, machine };

export function show(root, context) {
  const life = bundle();
  const place = h("section", { class: "stack" });
  const tabs = Object.keys(PANELS).map((name) => h("a", { href: `#/admin/${name}`, "data-name": name }, t(`admin.${name}`)));
  replace(root, h("nav", { class: "tabs", "aria-label": t("view.admin") }, tabs), place);
  let endPanel = () => {};
  life.add(() => endPanel());
  life.add(context.here.watch(({ name, rest: [wanted] }) => {
    if (name !== "admin") return;
    endPanel();
    const chosen = wanted in PANELS ? wanted : "studios";
    for (const tab of tabs) {
      if (tab.dataset.name === chosen) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const inner = bundle();
    endPanel = inner.end;
    place.setAttribute("aria-label", t(`admin.${chosen}`));
    PANELS[chosen](place, context, inner);
  }));
  return life.end;
}
