// Words in the reader's language. A view writes t("room.record"), never words of its own.

import de from "../words/de.js";
import en from "../words/en.js";
import { signal } from "./signal.js";

const WORDS = { de, en };
const KEPT = "leitstand.language";

export const language = signal(kept() ?? spoken());

export function choose(next) {
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // Private windows may refuse; then it holds until the page is closed.
  }
  language.set(next);
}

// `{name}` in the words is filled in; with `count`, "key.one" is used for 1 where there is one.
export function t(key, values = {}) {
  const words = WORDS[language.value];
  const found = (values.count === 1 && words[`${key}.one`]) || words[key] || key;
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const locale = () => (language.value === "de" ? "de-DE" : "en-GB");

function kept() {
  try {
    const language = localStorage.getItem(KEPT);
    return language in WORDS ? language : null;
  } catch {
    return null;
  }
}

function spoken() {
  return (navigator.languages ?? ["en"]).map((each) => each.slice(0, 2)).find((each) => each in WORDS) ?? "en";
}
