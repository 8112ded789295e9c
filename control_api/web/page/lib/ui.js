// What every view needs: messages, dialogs, buttons that wait for their work, fields.

import { lost } from "./api.js";
import { h, replace } from "./dom.js";
import { t } from "./i18n.js";

const SHOWN_SECONDS = 6;
const TRIES = 5;
const AGAIN_MS = 2_000;

// A short message; with `undo` a way back. Failures stay until they are closed.
export function toast(text, { undo, isProblem = false } = {}) {
  // A failure that comes again and again is told once.
  if (isProblem && [...shelf().children].some((each) => each.firstChild.textContent === text)) return () => {};
  const node = h("div", { class: isProblem ? "toast problem" : "toast", role: isProblem ? "alert" : "status" }, h("span", {}, text));
  const close = () => node.remove();
  if (undo) node.append(h("button", { class: "quiet", onclick: () => { close(); undo(); } }, t("undo")));
  if (isProblem) node.append(h("button", { class: "quiet", onclick: close, "aria-label": t("close") }, "✕"));
  else setTimeout(close, SHOWN_SECONDS * 1000);
  shelf().append(node);
  return close;
}

export function fail(problem) {
  const close = toast(problem.message ?? String(problem), { isProblem: true });
  // What is said of a lost connection is over with it.
  if (problem.status !== 0 || !lost.value) return;
  const end = lost.watch((since) => {
    if (since) return;
    close();
    end();
  });
}

// The work of a button: it cannot be pressed twice, and a failure is told.
export function action(label, work, attributes = {}) {
  const button = h("button", { type: "button", ...attributes }, label);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await work(button);
    } catch (problem) {
      fail(problem);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  return button;
}

// A dialog with a title; `content(close)` returns its children. Resolves with what close was given.
export function dialog(title, content) {
  return new Promise((resolve) => {
    let result = null;
    const id = `dialog-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    const box = h("dialog", { "aria-labelledby": id });
    const close = (value = null) => {
      result = value;
      box.close();
    };
    box.append(h("h2", { id }, title), ...[content(close)].flat());
    box.addEventListener("close", () => {
      box.remove();
      resolve(result);
    });
    document.body.append(box);
    box.showModal();
  });
}

// Asks before something is lost. Resolves with true or false.
export async function confirm(title, text, yes) {
  const answer = await dialog(title, (close) => [
    h("p", {}, text),
    h("div", { class: "buttons" }, h("button", { onclick: () => close(false) }, t("cancel")), h("button", { class: "danger", onclick: () => close(true) }, yes)),
  ]);
  return answer === true;
}

// A labelled input; `hint` is read with it.
export function field(label, input, hint) {
  const id = input.id || `f${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), input, hint && h("small", { id: `${id}-hint` }, hint));
}

export const empty = (text, ...more) => h("div", { class: "empty" }, h("p", {}, text), more);

// Shows what `load` finds; meanwhile a place for it, and a failure with a way to try again.
export async function loaded(root, load, show) {
  root.setAttribute("aria-busy", "true");
  try {
    replace(root, show(await load()));
  } catch (problem) {
    replace(root, empty(problem.message, action(t("again"), () => loaded(root, load, show))));
  } finally {
    root.removeAttribute("aria-busy");
  }
}

// A machine that is busy says no to a picture, and has it a moment later.
export function patient(image) {
  let left = TRIES;
  image.addEventListener("error", () => {
    left -= 1;
    image.hidden = left === 0;
    if (left) setTimeout(() => { image.src = image.getAttribute("src"); }, AGAIN_MS);
  });
  return image;
}

function shelf() {
  return document.getElementById("toasts") ?? document.body.appendChild(h("div", { id: "toasts", class: "toasts" }));
}
