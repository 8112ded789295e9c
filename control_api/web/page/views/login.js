// Sign in with a token; the browser then keeps a cookie that no script can read.

import { post } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { choose, language, t } from "../lib/i18n.js";
import { field } from "../lib/ui.js";

export function show(root, { entered }) {
  const token = h("input", { type: "password", name: "token", autocomplete: "current-password", required: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "primary" }, t("login.enter"));
  const enter = async (event) => {
    event.preventDefault();
    button.setAttribute("aria-busy", "true");
    try {
      await post("/auth/login", { token: token.value.trim() });
      entered();
    } catch (failure) {
      replace(problem, failure.message);
      token.select();
    } finally {
      button.removeAttribute("aria-busy");
    }
  };
  const other = language.value === "de" ? "en" : "de";
  replace(
    root,
    h("h1", {}, "Leitstand"),
    // A name for password managers; nobody has to see it.
    h("form", { onsubmit: enter }, h("input", { name: "username", autocomplete: "username", value: "leitstand", hidden: true, readonly: true }), field(t("login.token"), token, t("login.hint")), button, problem),
    h("button", { class: "quiet", lang: other, onclick: () => choose(other) }, other === "de" ? "Deutsch" : "English"),
  );
  token.focus();
  return () => {};
}
