export function show(root) {
  root.textContent = "admin";
  return () => {};
}
