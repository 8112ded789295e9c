// The last hour of what matters, for those without Grafana.

import { get } from "../lib/api.js";
import { chart } from "../lib/chart.js";
import { h } from "../lib/dom.js";
import { ago, bitrate, bytes, number } from "../lib/format.js";
import { t } from "../lib/i18n.js";

const LOOK_SECONDS = 5;
const CHARTS = [
  ["inbound_bitrate", bitrate],
  ["viewers", (value) => number(value)],
  ["dropped_frames", (value) => number(value)],
  ["disk_available_bytes", bytes],
];

export function hour(life) {
  const drawn = CHARTS.map(([name, format]) => [name, chart(t(`room.chart.${name}`), format)]);
  life.every(LOOK_SECONDS, async () => {
    try {
      const found = await get("/streams/charts");
      const from = found.times.length ? ago(found.times[0] * 1000) : "";
      for (const [name, each] of drawn) each.draw(found[name], { from });
    } catch {
      // The next look will tell.
    }
  });
  return h("section", { class: "grid small", "aria-label": t("room.hour") }, drawn.map(([, each]) => each.node));
}
