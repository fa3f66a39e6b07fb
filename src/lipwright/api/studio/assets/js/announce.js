// Tell what happened to those who do not see it.

import { t } from "./words.js";

/** Have a screen reader say something when it is done with what it says now. */
export function announce(key, parameters) {
  const region = document.getElementById("live");
  // The same words twice are said twice only if the text changes in between.
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = t(key, parameters)));
}
