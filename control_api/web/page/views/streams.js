export function show(root) {
  root.textContent = "streams";
  return () => {};
}
