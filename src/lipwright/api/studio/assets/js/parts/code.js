// The same job for a terminal or a program, ready to be copied.

import { announce } from "../announce.js";
import { curlOf, pythonOf } from "../code.js";
import { button, h } from "../dom.js";
import { key } from "../http.js";
import { say } from "../words.js";

/** `<studio-code>`. */
export class CodePanel extends HTMLElement {
  show(project) {
    this.project = project;
    this.text = h("pre", { tabindex: "0", "t-aria-label": "code.title", translate: "no" });
    this.tabs = ["curl", "python"].map((name) =>
      h(
        "button",
        { type: "button", class: "button", onclick: () => this.pick(name), "data-name": name },
        name === "curl" ? "curl" : "Python",
      ),
    );
    this.copied = button("code.copy", "copy", () => this.copy());
    this.append(
      h(
        "details",
        { class: "more", ontoggle: () => this.pick(this.name ?? "curl") },
        h("summary", { t: "code.title" }),
        h(
          "div",
          { class: "row between" },
          h(
            "div",
            { class: "segments", role: "group", "t-aria-label": "code.which" },
            ...this.tabs,
          ),
          this.copied,
        ),
        this.text,
      ),
    );
  }

  pick(name) {
    this.name = name;
    for (const tab of this.tabs)
      tab.setAttribute("aria-pressed", String(tab.dataset.name === name));
    const write = name === "curl" ? curlOf : pythonOf;
    this.text.textContent = write(this.project, location.origin, Boolean(key.get()));
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.text.textContent);
    } catch {
      // No permission, or no https: mark it, so that one key press copies it.
      getSelection().selectAllChildren(this.text);
      say(this.copied.querySelector("span"), "code.marked");
      return;
    }
    say(this.copied.querySelector("span"), "code.copied");
    announce("code.copied");
    setTimeout(() => say(this.copied.querySelector("span"), "code.copy"), 2000);
  }
}

customElements.define("studio-code", CodePanel);
