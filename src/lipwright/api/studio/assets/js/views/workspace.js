// Where a video's faces are given their lines.

import { announce } from "../announce.js";
import { button, h, icon } from "../dom.js";
import { megabytes, percent } from "../format.js";
import { notice, again } from "../parts/notice.js";
import { readSound } from "../sound.js";
import { bind, say } from "../words.js";
import "../parts/code.js";
import "../parts/inspector.js";
import "../parts/order.js";
import "../parts/speak.js";
import "../parts/stage.js";
import "../parts/timeline.js";

/** `<studio-workspace>`: fires "made" with a task's id. */
export class Workspace extends HTMLElement {
  show(project) {
    this.project = project;
    this.stage = h("studio-stage", {});
    this.timeline = h("studio-timeline", { class: "card" });
    this.inspector = h("studio-inspector", { class: "card" });
    this.order = h("studio-order", { class: "card" });
    this.code = h("studio-code", {});
    this.speak = h("studio-speak", {});
    this.status = h("div", { class: "status" });
    this.problem = h("div", {});
    this.side = h(
      "aside",
      { class: "side", "t-aria-label": "workspace.side" },
      this.inspector,
      this.order,
      this.code,
    );
    const heading = h("h1", { class: "title cut" });
    heading.textContent = project.name;
    this.append(
      heading,
      this.problem,
      h(
        "div",
        { class: "columns" },
        h("div", { class: "main-column" }, this.stage, this.status, this.timeline),
        this.side,
      ),
      this.speak,
    );
    this.stage.show(project);
    this.listen();
    this.follow();
  }

  disconnectedCallback() {
    this.listeners?.abort();
  }

  listen() {
    this.listeners = new AbortController();
    this.project.addEventListener("change", () => this.follow(), { signal: this.listeners.signal });
    for (const part of [this.stage, this.timeline]) {
      part.addEventListener("speak", (event) => this.ask(event.detail.faceId));
      part.addEventListener("drop-sound", (event) => this.take(event.detail));
    }
    this.stage.addEventListener(
      "time",
      (event) => this.timeline.session && this.timeline.at(event.detail.ms),
    );
    this.timeline.addEventListener("seek", (event) => this.stage.seek(event.detail.ms));
    this.timeline.addEventListener("remove", (event) => this.remove(event.detail.id));
    this.speak.addEventListener("sound", (event) => this.take(event.detail));
    this.order.addEventListener("made", (event) =>
      this.dispatchEvent(new CustomEvent("made", { detail: event.detail })),
    );
    this.addEventListener("keydown", (event) => this.key(event));
  }

  follow() {
    const { phase } = this.project;
    if (phase === "sending") this.showSending();
    if (phase === this.phase) return;
    this.phase = phase;
    this.dataset.phase = phase;
    const ready = phase === "ready";
    for (const part of [this.timeline, this.side]) part.hidden = !ready;
    if (phase === "looking") this.showLooking();
    if (phase === "failed") this.showFailure();
    if (ready) this.showReady();
  }

  showSending() {
    const { sent, source } = this.project;
    if (!this.bar) {
      this.bar = h("progress", { max: "1", "t-aria-label": "sending.title" });
      this.sentWords = h("span", { class: "soft" });
      this.status.replaceChildren(
        h(
          "div",
          { class: "working" },
          h("div", { class: "row between" }, h("strong", { t: "sending.title" }), this.sentWords),
          this.bar,
        ),
      );
      announce("sending.title");
    }
    this.bar.value = sent;
    say(this.sentWords, "sending.part", {
      share: () => percent(sent),
      size: () => megabytes(source.file.size),
    });
  }

  showLooking() {
    this.bar = null;
    this.stage.classList.add("scanning");
    this.status.replaceChildren(
      h(
        "div",
        { class: "working" },
        h(
          "div",
          { class: "row" },
          h("span", { class: "spinner", "aria-hidden": "true" }),
          h("strong", { t: "looking.title" }),
          h("span", { class: "soft", t: "looking.about" }),
        ),
      ),
    );
    announce("looking.title");
  }

  showFailure() {
    this.bar = null;
    this.stage.classList.remove("scanning");
    this.status.replaceChildren();
    this.stage.hidden = !this.project.blobUrl;
    const anew = h("a", { class: "button", href: "#/", t: "new.video" });
    this.problem.replaceChildren(
      notice(
        this.project.error,
        again(() => this.retry()),
        anew,
      ),
    );
  }

  retry() {
    this.problem.replaceChildren();
    this.stage.hidden = false;
    this.project.prepare();
  }

  showReady() {
    const { project } = this;
    this.stage.classList.remove("scanning");
    this.status.replaceChildren();
    if (!project.faces.length) {
      this.timeline.hidden = this.side.hidden = true;
      this.problem.replaceChildren(
        notice({ reason: "nobody" }, h("a", { class: "button main", href: "#/", t: "new.video" })),
      );
      return;
    }
    this.timeline.show(project);
    this.inspector.show(project, this.timeline);
    this.order.show(project);
    this.code.show(project);
    this.timeline.at(this.stage.nowMs);
    announce("found.faces", { count: project.faces.length });
    this.showInvitation();
  }

  /** Say what comes next, where it comes next. */
  showInvitation() {
    const { project } = this;
    if (project.lines.length) return this.status.replaceChildren();
    const words = h("span", {});
    bind(words, "text", project.faces.length === 1 ? "found.one" : "found.some", {
      count: project.faces.length,
    });
    const add = button("found.add", "plus", () => this.ask(project.faceId), { kind: "main" });
    return this.status.replaceChildren(h("div", { class: "invitation" }, icon("face"), words, add));
  }

  ask(faceId) {
    this.project.change({ faceId });
    this.speak.ask(this.project, faceId, this.wanted(faceId));
  }

  /** Where a new line is wanted: at the playhead, if the visitor has put it into the stretch. */
  wanted(faceId) {
    const face = this.project.face(faceId);
    const now = this.stage.nowMs;
    return now > face.start_time && now < face.end_time - this.project.limits.min_overlap_ms
      ? now
      : face.start_time;
  }

  /** Take a sound for a face: read it, place it, and send it. */
  async take({ file, name = file.name, faceId = this.project.faceId, wantedMs }) {
    const { project } = this;
    this.problem.replaceChildren();
    if (project.lines.length >= project.limits.max_lines) return this.refuse("too_many");
    let sound;
    try {
      sound = await readSound(file, name, project.limits);
    } catch {
      return this.refuse("no_sound_read");
    }
    if (sound.durationMs < 200) return this.refuse("too_short_sound");
    const added = project.add(faceId, sound, wantedMs ?? this.wanted(faceId));
    if (!added) return this.refuse("no_room");
    this.timeline.explain(added.reason ?? (sound.converted && file instanceof File ? "converted" : null), added.line);
    this.showInvitation();
    announce("line.added", { number: project.lines.length, face: project.faceNumber(faceId) });
    this.timeline.querySelector("studio-clip.chosen .clip-body")?.focus({ preventScroll: true });
    return undefined;
  }

  refuse(reason) {
    this.problem.replaceChildren(notice({ reason }));
  }

  remove(id) {
    this.project.remove(id);
    announce("line.removed");
    this.showInvitation();
    this.timeline.scroller.focus({ preventScroll: true });
  }

  key(event) {
    const takes = event.target.matches(
      "input, textarea, select, button, summary, a, [role=slider]",
    );
    if (event.defaultPrevented || event.target.closest("dialog") || event.ctrlKey || event.metaKey)
      return;
    const act = {
      " ": takes && !event.target.matches("[role=slider]") ? null : () => this.stage.toggle(),
      ",": event.target.matches("input, textarea, select") ? null : () => this.stage.step(-1),
      ".": event.target.matches("input, textarea, select") ? null : () => this.stage.step(1),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

customElements.define("studio-workspace", Workspace);
