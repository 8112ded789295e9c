export function show(root) {
  root.textContent = "room";
  return () => {};
}
