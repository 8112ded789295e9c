// Control room: what is live, what records, what is wrong, what comes next.

import { get } from "../lib/api.js";
import { h, keyed, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { bundle, signal } from "../lib/signal.js";
import { empty, fail } from "../lib/ui.js";
import { hour } from "../room/hour.js";
import { studio } from "../room/studio.js";
import { troubles } from "../room/troubles.js";

const LOOK_SECONDS = 2;

export function show(root, context) {
  const life = bundle();
  const studios = h("section", { class: "studios", "aria-label": t("room.studios") });
  const none = h("div", { hidden: true }, empty(t("room.none")));
  const update = keyed(studios, (status) => studio(status, context, life));
  const statuses = signal(null);
  const look = async () => {
    try {
      statuses.set(await get("/recordings/status"));
      none.hidden = statuses.value.length > 0;
      update(statuses.value, (status) => status.studio);
    } catch (problem) {
      // Without a status nobody was reached, and the banner says so.
      if (problem.status && problem.status !== 401) fail(problem);
    }
  };
  replace(root, troubles(statuses, context, life), studios, none, h("h2", {}, t("room.hour")), hour(life));
  life.every(LOOK_SECONDS, look);
  life.add(context.events.heard(look));
  return life.end;
}
