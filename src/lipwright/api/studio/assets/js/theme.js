// Light, dark, or as the system has it.

const STORE = "lipwright-theme";
const THEMES = ["auto", "light", "dark"];

/** Return the chosen theme. */
export function theme() {
  const chosen = localStorage.getItem(STORE);
  return THEMES.includes(chosen) ? chosen : "auto";
}

/** Show the page in the theme that comes after the present one, and return it. */
export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  localStorage.setItem(STORE, next);
  applyTheme();
  return next;
}

/** Show the page in the chosen theme. */
export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}
