// Why a studio records or does not, made from a code and its parameters.

import { t } from "./i18n.js";

// `sentence` is the API's, in English: for a code that this page, loaded before an upgrade, lacks.
export function reasonText(code, params, sentence) {
  const key = `reason.${code}`;
  const text = t(key, params);
  return text === key ? sentence : text;
}
