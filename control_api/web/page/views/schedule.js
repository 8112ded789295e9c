export function show(root) {
  root.textContent = "schedule";
  return () => {};
}
