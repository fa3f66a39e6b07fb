// One task: how far it is, and what came of it.

import { announce } from "../announce.js";
import { button, h, icon } from "../dom.js";
import { hasEnded, watch } from "../events.js";
import { day, number } from "../format.js";
import { ownPath } from "../http.js";
import { notice } from "../parts/notice.js";
import { cancel, session, task as lookUp } from "../service.js";
import { bind, knows, say } from "../words.js";
import "../parts/code.js";
import "../parts/compare.js";

/** `<studio-task>`. */
export class TaskView extends HTMLElement {
  /** Show a task; `project` is what it was made from, if that is at hand. */
  async show(id, project) {
    Object.assign(this, { id_: id, project });
    this.heading = h("h1", { class: "title", tabindex: "-1" });
    this.body = h("div", { class: "task-body" });
    this.append(this.heading, this.body);
    say(this.heading, "task.loading");
    this.listeners = new AbortController();
    try {
      const task = await lookUp(id);
      if (this.isConnected) this.follow(task);
      if (hasEnded(task)) return;
      for await (const state of watch(id, this.listeners.signal)) this.follow(state);
    } catch (error) {
      if (this.listeners.signal.aborted) return;
      say(this.heading, "task.gone");
      const anew = h("a", { class: "button", href: "#/tasks", t: "nav.tasks" });
      this.body.replaceChildren(notice(error, anew));
    }
  }

  disconnectedCallback() {
    this.listeners?.abort();
  }

  follow(task) {
    const before = this.task;
    this.task = task;
    this.dataset.status = task.status;
    if (hasEnded(task)) {
      if (before) announce(`task.${task.status}`);
      if (task.status === "succeeded" && task.results.length) this.showResult(Boolean(before));
      else if (task.status === "succeeded") this.showExpired();
      else this.showEnd();
      return;
    }
    if (!this.bar) this.makeProgress();
    this.showProgress();
  }

  makeProgress() {
    say(this.heading, "task.title.working");
    this.bar = h("progress", { max: "100", "t-aria-label": "task.title.working" });
    this.percent = h("output", { class: "big-number" });
    this.stage = h("strong", {});
    this.eta = h("span", { class: "soft" });
    const back = this.project
      ? h("a", { class: "button", href: `#/session/${this.task.session_id}`, t: "task.back" })
      : null;
    const [source] = this.task.source;
    const still = source
      ? h("video", {
          class: "still",
          src: ownPath(source.url),
          muted: true,
          preload: "metadata",
          tabindex: "-1",
          "aria-hidden": "true",
        })
      : null;
    this.body.replaceChildren(
      h(
        "div",
        { class: "card progress-card" },
        still ? h("div", { class: "still-frame" }, still, h("div", { class: "shimmer" })) : null,
        h("div", { class: "progress-words" }, this.percent, h("div", {}, this.stage, this.eta)),
        this.bar,
        h(
          "div",
          { class: "row end" },
          back,
          button("task.cancel", "stop", () => this.cancel()),
        ),
        h("p", { class: "soft small", t: "task.leave" }),
      ),
    );
  }

  showProgress() {
    const { task } = this;
    this.bar.value = task.progress;
    this.percent.textContent = `${number(task.progress)} %`;
    const stage = task.status === "submitted" ? "waiting" : task.stage || "starting";
    const key = knows(`stage.${stage}`) ? `stage.${stage}` : "stage.other";
    if (this.said !== key) announce(key);
    this.said = key;
    say(this.stage, key);
    const left = task.eta_seconds;
    if (task.queue_position > 1) say(this.eta, "task.queue", { place: task.queue_position });
    else if (left === null) say(this.eta, "task.eta.unknown");
    else
      say(this.eta, left < 90 ? "task.eta.seconds" : "task.eta.minutes", {
        count: left < 90 ? left : Math.round(left / 60),
      });
  }

  async cancel() {
    try {
      this.listeners.abort();
      this.follow(await cancel(this.task.task_id));
    } catch (error) {
      // It was done before it could be stopped.
      if (error.reason !== "finished") return this.body.prepend(notice(error));
      this.follow(await lookUp(this.task.task_id));
    }
    return undefined;
  }

  /** Show the result; play it at once if the visitor has waited for it. */
  async showResult(waited) {
    const { task } = this;
    say(this.heading, "task.title.done");
    const found = await this.faces();
    const [source] = task.source;
    const [result] = task.results;
    const compare = h("studio-compare", { class: "card" });
    const url = ownPath(result.url);
    const expiry = h("p", { class: "soft small" });
    bind(expiry, "text", "task.kept", { day: () => day(result.expires_at), cost: task.charged });
    const [marked] = task.watermarked;
    this.body.replaceChildren(
      ...task.warnings.map((words) =>
        h(
          "div",
          { class: "notice mild", role: "note" },
          icon("alert"),
          h("p", { lang: "en" }, words),
        ),
      ),
      compare,
      h(
        "div",
        { class: "row wrap result-actions" },
        h(
          "a",
          { class: "button main", href: url, download: `${task.task_id}.mp4` },
          icon("down"),
          h("span", { t: "task.download" }),
        ),
        marked
          ? h("a", {
              class: "button",
              href: ownPath(marked.url),
              download: `${task.task_id}-watermarked.mp4`,
              t: "task.download.marked",
            })
          : null,
        task.session_id
          ? h("a", { class: "button", href: `#/session/${task.session_id}`, t: "task.back" })
          : null,
        h("a", { class: "button plain", href: "#/", t: "new.video" }),
        expiry,
      ),
    );
    compare.show({
      before: source ? ownPath(source.url) : url,
      after: url,
      frameRate: found?.video.frame_rate ?? 25,
      faces: found?.faces ?? [],
      width: found?.video.width,
      height: found?.video.height,
    });
    if (waited && !matchMedia("(prefers-reduced-motion: reduce)").matches) compare.toggle();
    if (this.project) {
      const code = h("studio-code", {});
      this.body.append(code);
      code.show(this.project);
    }
    if (document.activeElement === document.body) this.heading.focus({ preventScroll: true });
  }

  /** The places of the faces, as long as the session lives. */
  async faces() {
    if (this.project?.session) return this.project.session;
    if (!this.task.session_id) return null;
    return session(this.task.session_id).catch(() => null);
  }

  showExpired() {
    say(this.heading, "task.title.expired");
    const anew = h("a", { class: "button main", href: "#/", t: "new.video" });
    this.body.replaceChildren(
      h("div", { class: "empty" }, icon("hourglass"), h("p", { t: "task.expired.about" }), anew),
    );
  }

  showEnd() {
    const { task } = this;
    say(this.heading, `task.title.${task.status}`);
    const back = this.project
      ? h("a", { class: "button main", href: `#/session/${task.session_id}`, t: "task.back" })
      : h("a", { class: "button main", href: "#/", t: "new.video" });
    const why = h("p", { class: "soft", lang: "en" }, task.status === "failed" ? task.message : "");
    this.body.replaceChildren(
      h(
        "div",
        { class: "empty" },
        icon(task.status === "failed" ? "alert" : "stop"),
        h("p", { t: `task.${task.status}` }),
        why,
        h("p", { class: "soft", t: "task.free" }),
        back,
      ),
    );
  }
}

customElements.define("studio-task", TaskView);
