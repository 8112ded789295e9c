// Evenings: pick a day, watch, mark start and end by the clock, make the clip, take it along.

import { get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { bytes, clockOf, dayOf, duration, longDay } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { bundle } from "../lib/signal.js";
import { action, empty, fail, loaded, patient } from "../lib/ui.js";
import { showClips } from "../evenings/clips.js";
import { showTrash } from "../evenings/trash.js";
import { showVideo } from "../evenings/video.js";

const PAGE = 100;

export function show(root, context) {
  const life = bundle();
  let endInner = () => {};
  life.add(() => endInner());
  life.add(context.here.watch(({ name, rest: [day, id] }) => {
    if (name !== "evenings") return;
    endInner();
    const inner = bundle();
    endInner = inner.end;
    const place = h("div", { class: "stack" });
    replace(root, place);
    if (id) showVideo(place, { day, id, context, life: inner });
    else showDays(place, { day, context, life: inner });
  }));
  return life.end;
}

function showDays(root, { day, context, life }) {
  const found = [];
  const list = h("div", { class: "stack" });
  const clips = h("section", { class: "stack", "aria-label": t("evenings.clips") });
  const trash = h("section", { class: "stack", "aria-label": t("evenings.trash") });
  let page = 0;
  const search = h("input", { type: "search", "aria-label": t("evenings.search"), placeholder: t("evenings.search") });
  const more = async () => {
    page += 1;
    const query = { page, page_size: PAGE, q: search.value };
    const { items, total } = await get("/videos", query);
    found.push(...items);
    draw(total);
  };
  const anew = async () => {
    found.length = 0;
    page = 0;
    await more();
  };
  const draw = (total) => {
    const evenings = grouped(found);
    const rest = found.length < total ? action(t("evenings.older"), more) : null;
    replace(list, evenings.length ? evenings.map((each) => oneEvening(each, each.day === day, context)) : empty(t(search.value ? "evenings.nomatch" : "evenings.none")), rest);
    if (day) list.querySelector(".day.chosen")?.scrollIntoView({ block: "start" });
  };
  let timer;
  life.on(search, "input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => anew().catch(fail), 250);
  });
  life.add(() => clearTimeout(timer));
  replace(root, h("h2", {}, t("evenings.pick")), search, list, clips, trash);
  loaded(list, more, () => [...list.childNodes]);
  // A recording that has ended is there a moment later.
  life.add(context.events.heard(({ kind }) => kind === "library" && anew().catch(() => {})));
  showClips(clips, context, life);
  if (context.may("operator")) showTrash(trash, life, () => anew().catch(fail));
}

// By evening, over midnight too; what is of none, by its day: [{day, title, videos}].
function grouped(videos) {
  const groups = new Map();
  for (const video of videos) {
    const key = video.evening_id ?? (video.start ? dayOf(video.start) : "");
    groups.set(key, [...(groups.get(key) ?? []), video]);
  }
  return [...groups.values()].map((parts) => {
    const videos = parts.sort((a, b) => Date.parse(a.start ?? 0) - Date.parse(b.start ?? 0));
    const [{ start, evening_title: title }] = videos;
    return { day: start ? dayOf(start) : "", title, videos };
  });
}

function oneEvening({ day, title, videos }, chosen, context) {
  const when = day ? longDay(day, { weekday: "long", day: "numeric", month: "long", year: "numeric" }) : t("evenings.undated");
  const heading = [title, when].filter(Boolean).join(" · ");
  return h("section", { class: chosen ? "day chosen" : "day", "aria-label": heading }, h("h3", {}, heading), h("div", { class: "grid" }, videos.map((video) => card(day, video, context))));
}

function card(day, video, context) {
  const isReady = video.state === "ready";
  const name = video.title || video.evening_title || video.name;
  const when = video.start ? `${video.start_estimated ? "≈ " : ""}${clockOf(video.start)}–${clockOf(video.end ?? video.start)}` : duration(video.duration);
  const picture = isReady ? patient(h("img", { src: `/api/videos/${video.id}/frame?at=${Math.max(0, video.duration / 2).toFixed(1)}&width=320`, alt: "", loading: "lazy", width: 320, height: 180 })) : null;
  const about = [video.studio, duration(video.duration), bytes(video.size)].filter(Boolean).join(" · ");
  const badge = isReady ? (video.protected ? h("span", { class: "badge" }, t("evenings.protected")) : null) : h("span", { class: video.state === "writing" ? "badge recording" : "badge wrong" }, t(`evenings.state.${video.state}`));
  const inside = [h("span", { class: "frame" }, picture), h("strong", { class: "numbers" }, when), h("span", {}, name), h("small", { class: "numbers" }, about), badge];
  if (video.state === "writing") return h("div", { class: "panel card", title: video.reason }, inside);
  return h("button", { class: "panel card", "aria-label": `${name}, ${when}`, onclick: () => context.go("evenings", day, video.id) }, inside);
}
