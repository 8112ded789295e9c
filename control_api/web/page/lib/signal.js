// A value that others can watch.

export function signal(value) {
  const watchers = new Set();
  return {
    get value() {
      return value;
    },
    set(next) {
      value = next;
      for (const watcher of [...watchers]) watcher(value);
    },
    // Called now and at each change, until the returned function is called.
    watch(watcher) {
      watchers.add(watcher);
      watcher(value);
      return () => watchers.delete(watcher);
    },
  };
}

// Several things to be ended together.
export function bundle() {
  const ends = [];
  return {
    add(end) {
      ends.push(end);
      return end;
    },
    every(seconds, work) {
      work();
      const id = setInterval(work, seconds * 1000);
      ends.push(() => clearInterval(id));
    },
    on(target, event, listener, options) {
      target.addEventListener(event, listener, options);
      ends.push(() => target.removeEventListener(event, listener, options));
    },
    end() {
      for (const end of ends.splice(0).reverse()) end();
    },
  };
}
