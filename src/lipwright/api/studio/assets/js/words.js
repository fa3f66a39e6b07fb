// The words of the page, in the visitor's language. Whatever was bound changes with a switch.

const STORE = "lipwright-language";
const LANGUAGES = ["en", "zh"];

const bindings = new WeakMap(); // element -> Map(slot -> [key, parameters])
let dictionary = {};
export let language = "en";

/** Load the dictionary of the language that was chosen, or that the browser prefers. */
export async function loadWords() {
  const chosen = localStorage.getItem(STORE);
  const preferred = navigator.languages.map((name) => name.slice(0, 2).toLowerCase());
  await use(
    LANGUAGES.includes(chosen)
      ? chosen
      : (preferred.find((name) => LANGUAGES.includes(name)) ?? "en"),
  );
}

/** Change the language of everything that is shown. */
export async function switchLanguage(to) {
  localStorage.setItem(STORE, to);
  await use(to);
  for (const element of document.querySelectorAll("[data-words]")) apply(element);
  document.dispatchEvent(new Event("words"));
}

async function use(to) {
  dictionary = (await import(`./words/${to}.js`)).default;
  language = to;
  document.documentElement.lang = to === "zh" ? "zh-Hans" : "en";
  document.title = t("title");
}

/** Return the words for a key, `{name}` replaced by parameters (a value, or a function giving it). */
export function t(key, parameters = {}) {
  const words = dictionary[key];
  if (words === undefined) return key;
  return words.replace(/\{(\w+)\}/g, (_, name) => {
    const value = parameters[name];
    return typeof value === "function" ? value() : String(value ?? "");
  });
}

/** Whether there are words for a key. */
export function knows(key) {
  return key in dictionary;
}

/** Put the words for a key into an element's text or attribute, and keep them in its language. */
export function bind(element, slot, key, parameters) {
  if (!bindings.has(element)) bindings.set(element, new Map());
  bindings.get(element).set(slot, [key, parameters]);
  element.dataset.words = "";
  put(element, slot, key, parameters);
}

/** Say something in an element's text. */
export function say(element, key, parameters) {
  bind(element, "text", key, parameters);
}

/** Empty an element's text. */
export function hush(element) {
  bindings.get(element)?.delete("text");
  element.textContent = "";
}

function apply(element) {
  for (const [slot, [key, parameters]] of bindings.get(element) ?? [])
    put(element, slot, key, parameters);
}

function put(element, slot, key, parameters) {
  const words = t(key, parameters);
  if (slot === "text") element.textContent = words;
  else element.setAttribute(slot, words);
}
