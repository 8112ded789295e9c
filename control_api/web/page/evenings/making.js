// A clip while it is made, and when it is done: download, share, QR code.

import { get, post } from "../lib/api.js";
import { h, replace, say } from "../lib/dom.js";
import { bytes, duration, percent } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, fail, toast } from "../lib/ui.js";

const LOOK_MS = 500;
const OVER = ["succeeded", "failed", "cancelled"];

export function showJob(root, job, context, life) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("evenings.progress") });
  const words = h("p", { class: "numbers", role: "status" });
  const stop = action(t("cancel"), async () => tell(await post(`/jobs/${job.id}/cancel`)));
  let ended = false;
  life.add(() => { ended = true; });
  replace(root, h("h3", {}, t("evenings.making.clip")), bar, words, h("div", { class: "buttons" }, stop));

  async function tell(now) {
    if (now.state === "succeeded") return showClip(root, await get(`/clips/${now.result.clip_id}`), context);
    bar.value = now.progress;
    const left = now.seconds_left === null ? "" : t("evenings.left", { left: duration(Math.ceil(now.seconds_left)) });
    say(words, [t(`evenings.job.${now.state}`), percent(now.progress), left].filter(Boolean).join(" · "));
    if (!OVER.includes(now.state)) return undefined;
    const again = action(t("again"), async () => showJob(root, await post(`/jobs/${job.id}/retry`), context, life));
    return replace(root, h("h3", {}, t(`evenings.job.${now.state}`)), h("p", { role: "alert" }, now.error ?? ""), h("div", { class: "buttons" }, again));
  }

  async function look() {
    let now = job;
    while (!ended && !OVER.includes(now.state)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      try {
        now = await get(`/jobs/${job.id}`);
        await tell(now);
      } catch (problem) {
        // The service may just be starting again: the job goes on where it was.
        if (problem.status && problem.status !== 503) return fail(problem);
      }
    }
    return undefined;
  }
  look();
}

export function showClip(root, clip, context) {
  const share = h("div", { class: "stack" });
  const about = [duration(clip.duration), bytes(clip.size), clip.verified ? t("evenings.verified") : t("evenings.unverified")].join(" · ");
  const buttons = [h("a", { class: "button primary", href: clip.download_url, download: "" }, `⬇ ${t("evenings.download")}`)];
  if (context.may("operator")) buttons.push(action(t("evenings.share"), async () => showLink(share, clip)));
  replace(root, h("h3", {}, clip.title || t("evenings.clip.done")), h("p", { class: "numbers", role: "status" }, about), clip.reason && h("small", {}, clip.reason), clip.notes.map((note) => h("small", {}, noteText(note))), h("div", { class: "buttons" }, buttons), share);
}

// What could not be done exactly: a code and its parameters, in the reader's language.
function noteText({ code, params }) {
  if (code === "audio_encoded") return t("evenings.note.audio_encoded");
  if (code === "audio_packets_skipped") return t("evenings.note.audio_packets_skipped", { ...params, track: params.track + 1 });
  return code;
}

// A link for somebody without a token, to be copied or read with another phone's camera.
async function showLink(root, clip) {
  const link = await post(`/clips/${clip.id}/links`, { expires_in: "7d" });
  const address = `${location.origin}${link.url}`;
  const input = h("input", { value: address, readonly: true, "aria-label": t("evenings.link"), onfocus: (event) => event.target.select() });
  const copy = action(t("evenings.copy"), async () => {
    input.select();
    // Over plain HTTP browsers offer no clipboard: then the old way.
    if (navigator.clipboard) await navigator.clipboard.writeText(address);
    else document.execCommand("copy");
    toast(t("evenings.copied"));
  });
  const send = navigator.share && action(t("evenings.send"), () => navigator.share({ url: address, title: clip.title }).catch(() => {}));
  const code = h("img", { class: "qr", alt: t("evenings.qr"), src: `/api/clips/${clip.id}/links/${link.id}/qr`, width: 240, height: 240 });
  replace(root, input, h("div", { class: "buttons" }, copy, send), code, h("small", {}, t("evenings.expires")));
}
