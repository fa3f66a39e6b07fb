// Say that something went wrong, in plain words, and what can be done.

import { button, h, icon } from "../dom.js";
import { knows, say } from "../words.js";

/** Make a notice of a refusal or failure; `actions` are buttons. */
export function notice(error, ...actions) {
  const words = h("p", { class: "notice-words" });
  const detail = h("p", { class: "notice-detail" });
  const reason = error.reason ?? "broken";
  const key = knows(`error.${reason}`) ? `error.${reason}` : "error.unknown";
  say(words, key);
  // The service's own sentence names the limit and the value; it is in English only.
  if (error.message && error.status !== undefined && error.status !== 0) {
    detail.textContent = error.message;
    detail.lang = "en";
  }
  if (error.requestId && error.status >= 500) detail.textContent += ` (${error.requestId})`;
  return h(
    "div",
    { class: "notice", role: "alert", "data-reason": reason },
    icon("alert"),
    h("div", { class: "notice-body" }, words, detail.textContent ? detail : null),
    actions.length ? h("div", { class: "row" }, ...actions) : null,
  );
}

/** Make the button that tries again. */
export function again(act) {
  return button("again", "redo", act);
}
