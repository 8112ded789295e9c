// The snapshot as it is now: first the whole, then changes laid over it.

import { lost } from "./api.js";
import { follow } from "./live.js";
import { signal } from "./signal.js";

const NAMED = ["servers", "studios"];

// A signal of {data, feed}: `data` is the snapshot or null, `feed` what the service says of its
// source: {connected, since, error}.
export function streams(life) {
  const now = signal({ data: null, feed: { connected: true, since: null, error: null } });
  life.add(follow(() => "/api/streams/live", heard, open));

  function heard(message) {
    if (message.type === "whole") now.set({ data: message.data, feed: message.feed });
    else if (message.type === "change") now.set({ ...now.value, data: changed(now.value.data, message) });
    else if (message.type === "feed") now.set({ ...now.value, feed: message });
  }

  function open(isOpen) {
    lost.set(isOpen ? null : (lost.value ?? Date.now()));
  }

  return now;
}

// The snapshot with a change laid over it: lists of named things are taken by name, one that is
// null is gone; whatever else is named is replaced.
export function changed(data, change) {
  const next = { ...data, sequence: change.sequence, time: change.time };
  if ("host" in change) next.host = change.host;
  for (const list of NAMED) if (change[list]) next[list] = laid(data[list], change[list]);
  return next;
}

function laid(items, changes) {
  const left = new Map(items.map((item) => [item.name, item]));
  for (const [name, change] of Object.entries(changes)) {
    if (change === null) left.delete(name);
    else left.set(name, merged(left.get(name) ?? { name, paths: [] }, change));
  }
  return [...left.values()];
}

function merged(item, { paths, ...fields }) {
  const next = { ...item, ...fields };
  if (paths) next.paths = laid(item.paths ?? [], paths);
  return next;
}
