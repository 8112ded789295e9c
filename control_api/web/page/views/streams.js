// Streams: every path of every server; quick with a thousand of them.

import { get } from "../lib/api.js";
import { chart, sparkline } from "../lib/chart.js";
import { h, keyed, replace, say } from "../lib/dom.js";
import { ago, bitrate, bytes, clockHere, number } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { bundle } from "../lib/signal.js";
import { dialog, empty } from "../lib/ui.js";

const POINTS = 30;
const POINT_MS = 20_000;
const PAGE = 500;
const MOST = 5_000;
const STATES = ["live", "frozen", "offline", "idle"];
const LOOKS = { live: "live", frozen: "warning", offline: "wrong", idle: "" };
const SORTS = {
  name: (a, b) => a.key.localeCompare(b.key, undefined, { numeric: true }),
  bitrate: (a, b) => (b.path.inbound_bitrate ?? 0) - (a.path.inbound_bitrate ?? 0),
  viewers: (a, b) => viewers(b.path) - viewers(a.path),
};

export function show(root, context) {
  const life = bundle();
  const curves = new Map();
  const wanted = { q: "", state: "", sort: "name" };
  const summary = h("p", { class: "soft numbers", role: "status" });
  const note = h("p", { class: "trouble", role: "status", hidden: true });
  const list = h("ul", { class: "paths", "aria-label": t("view.streams") });
  const none = h("div", {});
  const seen = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => target.row.look(isIntersecting)), { rootMargin: "200px" });
  life.add(() => seen.disconnect());
  const update = keyed(list, (item) => row(item, curves, seen, life));

  const draw = () => {
    const { data, feed } = context.streams.value;
    note.hidden = feed.connected || !data;
    if (!note.hidden) say(note, t("streams.old", { clock: clockHere(feed.since * 1000), error: feed.error ?? "" }));
    if (!data) return replace(none, empty(feed.connected ? t("streams.wait") : (feed.error ?? t("streams.wait"))));
    const all = items(data);
    for (const item of all) grow(curves, item);
    const shown = all.filter((item) => matches(item, wanted)).sort(SORTS[wanted.sort]);
    say(summary, sums(all));
    update(shown, (item) => item.key);
    return replace(none, ...(shown.length ? [] : [empty(t(all.length ? "streams.nomatch" : "streams.none"))]));
  };
  replace(root, note, filters(wanted, draw), summary, list, none);
  life.add(context.streams.watch(draw));
  fill(curves).then(draw, () => {});
  return life.end;
}

function filters(wanted, draw) {
  const set = (name) => (event) => {
    wanted[name] = event.target.value;
    draw();
  };
  const options = (names, word) => names.map((name) => h("option", { value: name }, t(`${word}.${name || "all"}`)));
  return h(
    "div",
    { class: "filters", role: "search" },
    h("input", { type: "search", "aria-label": t("streams.search"), placeholder: t("streams.search"), oninput: set("q") }),
    h("select", { "aria-label": t("streams.state"), onchange: set("state") }, options(["", ...STATES], "streams.state")),
    h("select", { "aria-label": t("streams.sort"), onchange: set("sort") }, options(Object.keys(SORTS), "streams.sort")),
  );
}

const items = (data) => data.servers.flatMap((server) => server.paths.map((path) => ({ key: `${server.name}/${path.name}`, server, path })));

const matches = ({ key, path }, { q, state }) => (!state || path.state === state) && key.toLowerCase().includes(q.toLowerCase());

const viewers = (path) => Object.values(path.readers).reduce((sum, count) => sum + count, 0);

function sums(all) {
  const online = all.filter(({ path }) => path.online);
  const rate = (field) => bitrate(online.reduce((sum, { path }) => sum + (path[field] ?? 0), 0));
  const watching = all.reduce((sum, { path }) => sum + viewers(path), 0);
  return t("streams.sums", { online: online.length, all: all.length, viewers: number(watching), inbound: rate("inbound_bitrate"), outbound: rate("outbound_bitrate") });
}

// One path. Only rows that can be seen are drawn.
function row(item, curves, seen, life) {
  const curve = sparkline(t("streams.curve"));
  const parts = { server: h("small", {}), state: h("span", {}), rate: h("span", { class: "number numbers" }), watching: h("span", { class: "number numbers" }), tracks: h("small", { class: "tracks" }) };
  const name = h("span", { class: "name" }, item.path.name, parts.server);
  const node = h("li", {}, h("button", { class: "path", onclick: () => open(now) }, name, parts.state, curve.node, parts.rate, parts.watching, parts.tracks));
  let now = item;
  let visible = false;
  const draw = () => {
    const { path, server } = now;
    parts.state.className = `badge ${LOOKS[path.state]}`;
    say(parts.state, t(`streams.state.${path.state}`));
    say(parts.server, server.name);
    say(parts.rate, path.inbound_bitrate === null || !path.online ? "–" : bitrate(path.inbound_bitrate));
    const count = viewers(path);
    say(parts.watching, t("streams.viewers", { count }));
    parts.watching.title = byProtocol(path);
    say(parts.tracks, tracks(path));
    curve.draw(curves.get(now.key)?.values ?? []);
  };
  node.row = {
    look(isVisible) {
      visible = isVisible;
      if (visible) draw();
    },
  };
  seen.observe(node);
  life.add(() => seen.unobserve(node));
  return {
    node,
    update(next) {
      now = next;
      if (visible) draw();
    },
  };
}

const byProtocol = (path) => Object.entries(path.readers).map(([protocol, count]) => `${protocol} ${count}`).join(", ");

function tracks({ video, audio }) {
  const size = video?.width ? `${video.width}×${video.height}` : "";
  return [video && [video.codec, size].filter(Boolean).join(" "), audio?.codec].filter(Boolean).join(" · ");
}

// The curve of the last ten minutes: from the service once, then from what is heard.
async function fill(curves) {
  for (let page = 1; (page - 1) * PAGE < MOST; page += 1) {
    const { items, total } = await get("/streams", { curve: POINTS, page, page_size: PAGE });
    for (const { server, path, curve } of items) curves.set(`${server}/${path}`, { values: curve, begun: Date.now() });
    if (page * PAGE >= total) return;
  }
}

function grow(curves, { key, path }) {
  const known = curves.get(key) ?? { values: [], begun: 0 };
  const now = Date.now();
  if (now - known.begun >= POINT_MS || !known.values.length) {
    known.values = [...known.values, null].slice(-POINTS);
    known.begun = now;
  }
  known.values[known.values.length - 1] = path.inbound_bitrate;
  curves.set(key, known);
}

// Everything that is known of one path.
async function open({ server, path }) {
  const plot = chart(t("streams.minutes"), bitrate);
  const facts = h("dl", {});
  const life = bundle();
  const address = `/streams/${encodeURIComponent(server.name)}/${path.name.split("/").map(encodeURIComponent).join("/")}`;
  life.every(2, async () => {
    try {
      const found = await get(address);
      plot.draw(found.minutes.times, found.minutes.inbound_bitrate, { from: found.minutes.times.length ? ago(found.minutes.times[0] * 1000) : "" });
      replace(facts, told(found).map(([name, value]) => h("div", {}, h("dt", {}, t(`streams.fact.${name}`)), h("dd", { class: "numbers" }, value))));
    } catch (problem) {
      replace(facts, h("p", { role: "alert" }, problem.message));
    }
  });
  await dialog(path.name, (close) => [plot.node, facts, h("div", { class: "buttons" }, h("button", { onclick: () => close() }, t("close")))]);
  life.end();
}

function told(found) {
  const lost = found.sessions.reduce((sum, each) => sum + (each.inbound_packets_lost ?? 0), 0);
  const discarded = found.sessions.reduce((sum, each) => sum + (each.outbound_packets_discarded ?? 0) + (each.outbound_frames_discarded ?? 0), 0);
  const sent = found.sessions.reduce((sum, each) => sum + each.outbound_bytes, 0);
  return [
    ["state", t(`streams.state.${found.state}`)],
    ["since", found.online_since ? ago(found.online_since * 1000) : "–"],
    ["source", found.source_type || "–"],
    ["rates", t("streams.rates", { inbound: bitrate(found.inbound_bitrate ?? 0), outbound: bitrate(found.outbound_bitrate ?? 0) })],
    ["viewers", found.viewers ? `${found.viewers} (${byProtocol(found)})` : "0"],
    ["tracks", tracks(found) || "–"],
    ["lost", number(lost)],
    ["discarded", number(discarded)],
    ["sent", bytes(sent)],
    ...found.srt.filter((each) => each.rtt).map((each) => ["rtt", `${number(each.rtt * 1000, 1)} ms (${each.role})`]),
    ...found.forwards.map((each) => ["forward", `${each.protocol}: ${t(each.failing ? "streams.failing" : "streams.well")}`]),
  ];
}
