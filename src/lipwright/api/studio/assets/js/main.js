// The page itself: its head, and which view is shown. Addresses hold ids, never keys.

import { button, h, icon } from "./dom.js";
import { key, onKeyWanted } from "./http.js";
import { Project } from "./project.js";
import { about } from "./service.js";
import { applyTheme, nextTheme, theme } from "./theme.js";
import { bind, language, loadWords, switchLanguage } from "./words.js";
import { notice } from "./parts/notice.js";
import "./parts/key.js";
import "./views/start.js";
import "./views/task.js";
import "./views/tasks.js";
import "./views/workspace.js";

let project = null;
const view = document.getElementById("view");

applyTheme();
await loadWords();
makeHead();
const asker = document.body.appendChild(h("studio-key", {}));
onKeyWanted((refusal) => asker.ask(refusal));
addEventListener("hashchange", route);
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", dropped);
addEventListener("beforeunload", (event) => {
  if (project?.lines.length && !project.made) event.preventDefault();
});
await route();

function makeHead() {
  const nav = [
    ["#/", "nav.new"],
    ["#/tasks", "nav.tasks"],
  ].map(([href, words]) => h("a", { href, t: words }));
  const languages = button(
    language === "zh" ? "language.en" : "language.zh",
    null,
    async () => {
      await switchLanguage(language === "zh" ? "en" : "zh");
      bind(
        languages.querySelector("span"),
        "text",
        language === "zh" ? "language.en" : "language.zh",
      );
      languages.lang = language === "zh" ? "en" : "zh-Hans";
    },
    { kind: "plain" },
  );
  languages.lang = language === "zh" ? "en" : "zh-Hans";
  const themes = button(
    `theme.${theme()}`,
    `theme-${theme()}`,
    () => {
      const next = nextTheme();
      themes.querySelector("use").setAttribute("href", `/studio/icons.svg#theme-${next}`);
      for (const slot of ["aria-label", "title"]) bind(themes, slot, `theme.${next}`);
      document.dispatchEvent(new Event("theme"));
    },
    { quiet: true },
  );
  const forget = button(
    "key.forget",
    "key",
    () => {
      key.forget();
      location.assign("/");
    },
    { quiet: true },
  );
  const showKey = () => (forget.hidden = !key.get());
  document.addEventListener("key", showKey);
  showKey();
  document
    .getElementById("head")
    .append(
      h("a", { class: "brand", href: "#/" }, icon("lips"), h("span", {}, "lipwright")),
      h("nav", { "t-aria-label": "nav.title" }, ...nav),
      h(
        "div",
        { class: "row head-end" },
        h("a", { class: "quiet-link", href: "/docs", t: "nav.docs" }),
        forget,
        languages,
        themes,
      ),
    );
  addEventListener("hashchange", () => markNav(nav));
  markNav(nav);
}

function markNav(nav) {
  for (const link of nav) {
    const here = (location.hash || "#/") === link.getAttribute("href");
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function route() {
  const [, name = "", id = ""] = location.hash.split("/");
  try {
    if (name === "tasks") return put(h("studio-tasks", {}));
    if (name === "task" && id) return showTask(id);
    if (name === "session" && id) return await showSession(id);
    if (name === "video" && project && !project.session) return showWorkspace();
    return showStart();
  } catch (error) {
    const anew = h("a", { class: "button main", href: "#/", t: "new.video" });
    return put(h("div", { class: "narrow" }, notice(error, anew)));
  }
}

function put(element) {
  // Readers of the screen begin at the new view; at first the browser decides.
  if (view.firstChild) view.focus({ preventScroll: true });
  view.replaceChildren(element);
  scrollTo(0, 0);
  return element;
}

function showStart() {
  const start = put(h("studio-start", {}));
  start.addEventListener("video", (event) => begin(event.detail));
  if (project?.session) start.offer(project);
}

async function begin(source) {
  const { limits } = await about();
  project?.close();
  project = new Project(source, limits);
  // An address of its own, so that going back, and beginning anew, work as everywhere.
  if (!source.sessionId) history.pushState(null, "", "#/video");
  showWorkspace();
  const mine = project;
  await project.prepare();
  if (mine === project && mine.session)
    history.replaceState(null, "", `#/session/${mine.session.session_id}`);
}

async function showSession(id) {
  if (project?.session?.session_id === id) return showWorkspace();
  return begin({ sessionId: id });
}

function showWorkspace() {
  const workspace = put(h("studio-workspace", {}));
  workspace.show(project);
  workspace.addEventListener("made", (event) => {
    project.made = event.detail.id;
    location.hash = `#/task/${event.detail.id}`;
  });
}

function showTask(id) {
  const mine = project?.made === id ? project : null;
  put(h("studio-task", {})).show(id, mine);
}

/** A file that was dropped beside everything: a video on the first view, a sound on the second. */
function dropped(event) {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (!file) return;
  view.querySelector("studio-start")?.take(file);
  const workspace = view.querySelector("studio-workspace");
  if (workspace && project?.phase === "ready" && project.faces.length) workspace.take({ file });
}
