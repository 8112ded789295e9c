// Elements from code. Text only ever becomes text: nothing here takes markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "muted", "srcObject", "currentTime", "indeterminate"]);
const ADDRESSES = new Set(["href", "src", "action", "poster"]);

// h("button", {class: "primary", onclick: f, vars: {"--part": 0.5}}, "text", child, …)
// null, undefined and false are left out, as attribute and as child.
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

export function replace(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

// Writes only what has changed: screen readers and the browser's layout are left alone otherwise.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// One child for each item, kept while its key stays: `make(item)` returns {node, update(item)}.
export function keyed(parent, make) {
  let known = new Map();
  return (items, key) => {
    const next = new Map();
    let at = parent.firstChild;
    for (const item of items) {
      const id = key(item);
      const row = known.get(id) ?? make(item);
      row.update?.(item);
      next.set(id, row);
      if (row.node === at) at = at.nextSibling;
      else parent.insertBefore(row.node, at);
    }
    for (const [id, row] of known) if (!next.has(id)) row.node.remove();
    known = next;
  };
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) set(node, name, value);
  node.append(...present(children));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || (value === false && !PROPERTIES.has(name))) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "vars") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
  else if (PROPERTIES.has(name)) node[name] = value;
  else if (ADDRESSES.has(name)) node.setAttribute(name, own(value));
  else node.setAttribute(name, value === true ? "" : value);
}

// An address of this service; whatever else somebody made up leads nowhere.
function own(address) {
  return /^(\/(?!\/)|#|blob:|data:image\/)/.test(address) ? address : "#";
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
