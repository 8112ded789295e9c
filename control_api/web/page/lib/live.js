// A WebSocket that comes back by itself.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5_000;
// The service sends a heartbeat every 15 s; a connection that is quiet for longer is none.
const QUIET = 40_000;

// `address()` is asked anew for each try; `heard(message)` gets each message, `state(isOpen)` each
// change. Returns a function that ends it.
export function follow(address, heard, state = () => {}) {
  let socket;
  let wait = FIRST_WAIT;
  let timer;
  let ended = false;

  function open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}${address()}`);
    socket.onmessage = (event) => {
      wait = FIRST_WAIT;
      watch();
      heard(JSON.parse(event.data));
    };
    socket.onopen = () => {
      state(true);
      watch();
    };
    socket.onclose = () => again();
  }

  function watch() {
    clearTimeout(timer);
    timer = setTimeout(() => socket.close(), QUIET);
  }

  function again() {
    clearTimeout(timer);
    if (ended) return;
    state(false);
    timer = setTimeout(open, wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}
