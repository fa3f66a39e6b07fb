// The first thing that is seen: room for a video.

import { button, h, icon } from "../dom.js";
import { megabytes, seconds } from "../format.js";
import { about } from "../service.js";
import { bind, say } from "../words.js";
import { notice } from "../parts/notice.js";

/** `<studio-start>`: fires "video" with `{file}` or `{url}`. */
export class Start extends HTMLElement {
  connectedCallback() {
    this.input = h("input", {
      type: "file",
      class: "hidden-input",
      accept: "video/mp4,video/quicktime,.mp4,.mov",
      "aria-describedby": "limits",
      onchange: () => this.input.files[0] && this.take(this.input.files[0]),
    });
    this.limits = h("p", { class: "soft small", id: "limits" });
    this.problem = h("div", { class: "start-problem" });
    const drop = h(
      "label",
      {
        class: "drop",
        ondragenter: () => drop.classList.add("over"),
        ondragleave: (event) => drop.contains(event.relatedTarget) || drop.classList.remove("over"),
        ondrop: () => drop.classList.remove("over"),
      },
      this.input,
      h("span", { class: "drop-art", "aria-hidden": "true" }, icon("film")),
      h(
        "span",
        { class: "drop-words" },
        h("strong", { t: "start.drop" }),
        h("span", { class: "soft", t: "start.choose" }),
      ),
      this.limits,
    );
    this.url = h("input", {
      type: "url",
      id: "url",
      required: true,
      placeholder: "https://example.com/interview.mp4",
    });
    const form = h(
      "form",
      {
        class: "url-form",
        onsubmit: (event) => {
          event.preventDefault();
          this.fire({ url: this.url.value.trim() });
        },
      },
      h("label", { for: "url", t: "start.url" }),
      h(
        "div",
        { class: "row" },
        this.url,
        h("button", { type: "submit", class: "button", t: "start.fetch" }),
      ),
    );
    this.append(
      h(
        "div",
        { class: "hero" },
        h("h1", { t: "start.title" }),
        h("p", { class: "lead", t: "start.lead" }),
      ),
      this.problem,
      drop,
      form,
      h(
        "ol",
        { class: "steps" },
        ...["face", "voice", "lips"].map((name) =>
          h(
            "li",
            {},
            icon(name),
            h(
              "div",
              {},
              h("strong", { t: `start.${name}` }),
              h("span", { class: "soft", t: `start.${name}.about` }),
            ),
          ),
        ),
      ),
      h("p", { class: "soft small center", t: "start.privacy" }),
    );
    this.tellLimits();
  }

  /** Offer the way back to a video that is still at hand. */
  offer(project) {
    const link = h("a", { class: "button", href: `#/session/${project.session.session_id}` });
    bind(link, "text", "start.goon", { name: project.name });
    this.problem.replaceChildren(h("div", { class: "row center" }, link));
  }

  async tellLimits() {
    try {
      const { limits } = await about();
      this.known = limits;
      say(this.limits, "start.limits", {
        least: () => seconds(limits.min_video_ms),
        most: () => seconds(limits.max_video_ms),
        bytes: () => megabytes(limits.max_video_bytes),
        small: limits.min_side,
        large: limits.max_side,
      });
    } catch (error) {
      this.problem.replaceChildren(
        notice(
          error,
          button("again", "redo", () => location.reload()),
        ),
      );
    }
  }

  /** Take a file that was chosen or dropped. */
  take(file) {
    this.input.value = "";
    const isVideo = /^video\//.test(file.type) || /\.(mp4|mov|m4v)$/i.test(file.name);
    if (!isVideo) return this.problem.replaceChildren(notice({ reason: "not_a_video" }));
    if (this.known && file.size > this.known.max_video_bytes) {
      return this.problem.replaceChildren(notice({ reason: "too_large" }));
    }
    return this.fire({ file });
  }

  fire(detail) {
    this.dispatchEvent(new CustomEvent("video", { detail }));
  }
}

customElements.define("studio-start", Start);
