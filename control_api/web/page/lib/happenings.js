// Events as they happen: {heard(f)} calls f(event) for each, until its answer is called.

import { follow } from "./live.js";

export function happenings(life) {
  const listeners = new Set();
  let last = null;
  const address = () => (last === null ? "/api/events/live" : `/api/events/live?after=${last}`);
  life.add(follow(address, (message) => {
    if (message.type === "hello") last ??= message.last_id;
    if (message.type !== "event") return;
    last = Math.max(last ?? 0, message.id);
    for (const listener of [...listeners]) listener(message);
  }));
  return {
    heard(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
