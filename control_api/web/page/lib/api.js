// The API: answers are their `data`, failures a Problem whose text is a sentence for people.

import { signal } from "./signal.js";
import { t } from "./i18n.js";

export class Problem extends Error {
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

// null while all is well, else since when (ms) nothing could be reached.
export const lost = signal(null);
// Set by whoever shows the login.
export const signedOut = signal(false);

const SECONDS = 30;

export const get = (path, query) => ask("GET", path + asQuery(query));
export const post = (path, body) => ask("POST", path, body ?? {});
export const put = (path, body) => ask("PUT", path, body);
export const patch = (path, body) => ask("PATCH", path, body);
export const del = (path) => ask("DELETE", path);

async function ask(method, path, body) {
  const answer = await reach(method, `/api${path}`, body);
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told.data;
  if (answer.status === 401) signedOut.set(true);
  throw new Problem(told.detail ?? t("problem.status", { status: answer.status }), answer.status);
}

async function reach(method, url, body) {
  const isJson = body !== undefined && !(body instanceof Blob);
  const options = { method, signal: AbortSignal.timeout(SECONDS * 1000), headers: {} };
  if (body !== undefined) options.body = isJson ? JSON.stringify(body) : body;
  if (isJson) options.headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(url, options);
    if (lost.value) lost.set(null);
    return answer;
  } catch (error) {
    lost.set(lost.value ?? Date.now());
    throw new Problem(t("problem.lost"), 0);
  }
}

export function asQuery(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
