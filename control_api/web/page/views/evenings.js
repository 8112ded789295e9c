export function show(root) {
  root.textContent = "evenings";
  return () => {};
}
