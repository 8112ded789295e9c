// Tokens: who may do what.

import { del, get, post } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { ago } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { action, confirm, dialog, field, loaded } from "../lib/ui.js";
import { table } from "./table.js";

const ROLES = ["viewer", "operator", "admin"];

export function tokens(root) {
  const again = () => loaded(root, () => get("/auth/tokens"), (found) => [
    h("div", { class: "row spread" }, h("p", { class: "soft" }, t("admin.tokens.about")), action(t("admin.tokens.new"), () => make(again), { class: "primary" })),
    table(t("admin.tokens"), found.filter((each) => !each.revoked_at), {
      "admin.name": (each) => each.name,
      "admin.role": (each) => t(`admin.role.${each.role}`),
      "admin.used": (each) => (each.last_used_at ? ago(Date.parse(each.last_used_at)) : "–"),
      "": (each) => action(t("admin.tokens.revoke"), () => revoke(each, again), { class: "quiet" }),
    }, t("admin.tokens.none")),
  ]);
  again();
}

async function make(again) {
  const name = h("input", { required: true, maxlength: 63, placeholder: t("admin.tokens.example") });
  const role = h("select", {}, ROLES.map((each) => h("option", { value: each }, t(`admin.role.${each}`))));
  const made = await dialog(t("admin.tokens.new"), (close) => [
    field(t("admin.name"), name),
    field(t("admin.role"), role),
    h("div", { class: "buttons" }, h("button", { onclick: () => close() }, t("cancel")), action(t("admin.tokens.make"), async () => close(await post("/auth/tokens", { name: name.value, role: role.value })), { class: "primary" })),
  ]);
  if (!made) return;
  const shown = h("input", { value: made.token, readonly: true, class: "numbers", "aria-label": t("admin.tokens.secret"), onfocus: (event) => event.target.select() });
  await dialog(t("admin.tokens.made", { name: made.name }), (close) => [h("p", {}, t("admin.tokens.once")), shown, h("div", { class: "buttons" }, h("button", { class: "primary", onclick: () => close() }, t("close")))]);
  again();
}

async function revoke(token, again) {
  if (!(await confirm(t("admin.tokens.revoke.title"), t("admin.tokens.revoke.text", { name: token.name }), t("admin.tokens.revoke")))) return;
  await del(`/auth/tokens/${token.id}`);
  again();
}
