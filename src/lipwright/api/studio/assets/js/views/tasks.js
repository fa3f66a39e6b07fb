// What was made before: state, cost, and how long it is kept.

import { announce } from "../announce.js";
import { button, h, icon } from "../dom.js";
import { hasEnded } from "../events.js";
import { day, moment, number, seconds } from "../format.js";
import { ownPath } from "../http.js";
import { again, notice } from "../parts/notice.js";
import { cancel, tasks } from "../service.js";
import { bind } from "../words.js";

const PAGE = 20;
const AGAIN_MS = 2000;

/** `<studio-tasks>`. */
export class TaskList extends HTMLElement {
  connectedCallback() {
    this.pages = 1;
    this.list = h("ul", { class: "task-list" });
    this.problem = h("div", {});
    this.more = button("tasks.more", null, () => {
      this.pages += 1;
      this.load();
    });
    this.more.hidden = true;
    this.loading = h("p", { class: "soft center", t: "tasks.loading" });
    this.append(
      h("h1", { class: "title", t: "nav.tasks" }),
      this.problem,
      this.loading,
      this.list,
      h("div", { class: "row center" }, this.more),
    );
    this.load();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  async load() {
    clearTimeout(this.timer);
    try {
      const pages = await Promise.all(
        Array.from({ length: this.pages }, (_, i) => tasks(i + 1, PAGE)),
      );
      if (this.isConnected) this.put(pages.flat(), pages.at(-1).length === PAGE);
    } catch (error) {
      this.loading.hidden = true;
      this.problem.replaceChildren(
        notice(
          error,
          again(() => this.load()),
        ),
      );
    }
  }

  put(found, mayHaveMore) {
    this.loading.hidden = true;
    this.problem.replaceChildren();
    this.more.hidden = !mayHaveMore;
    if (!found.length) {
      const anew = h("a", { class: "button main", href: "#/", t: "new.video" });
      this.list.replaceChildren();
      this.problem.replaceChildren(
        h("div", { class: "empty" }, icon("film"), h("p", { t: "tasks.none" }), anew),
      );
      return;
    }
    const shown = new Map([...this.list.children].map((item) => [item.dataset.id, item]));
    this.list.replaceChildren(
      ...found.map((task) => {
        const item = shown.get(task.task_id);
        const state = `${task.status} ${task.progress} ${task.results.length}`;
        return item?.dataset.state === state ? item : this.makeItem(task, state);
      }),
    );
    if (found.some((task) => !hasEnded(task))) this.timer = setTimeout(() => this.load(), AGAIN_MS);
  }

  makeItem(task, state) {
    const [result] = task.results;
    const expired = task.status === "succeeded" && !result;
    const name = expired ? "expired" : task.status;
    const badge = h("span", { class: `badge ${name}`, t: `status.${name}` });
    if (!hasEnded(task)) badge.append(` ${number(task.progress)} %`);
    const title = h("a", { href: `#/task/${task.task_id}`, class: "task-link" });
    bind(title, "text", "tasks.made", { at: () => moment(task.created_at) });
    const cost = h("span", {});
    bind(cost, "text", "tasks.cost", { cost: task.charged });
    const until = h("span", {});
    if (result)
      bind(until, "text", "tasks.until", {
        day: () => day(result.expires_at),
        length: () => seconds(result.duration_ms),
      });
    const stop = button("task.cancel", "stop", () => this.cancel(task), { quiet: true });
    return h(
      "li",
      { class: "task-item", "data-id": task.task_id, "data-state": state },
      thumbnail(result ?? task.source[0]),
      h(
        "div",
        { class: "task-words" },
        h("div", { class: "row" }, title, badge),
        h("div", { class: "soft small facts" }, cost, until),
      ),
      hasEnded(task) ? null : stop,
      icon("chevron"),
    );
  }

  async cancel(task) {
    await cancel(task.task_id).catch(() => {});
    announce("task.cancelled");
    this.load();
  }
}

/** Make a still picture of a video: the browser fetches only what it needs for one frame. */
function thumbnail(file) {
  const frame = h("div", { class: "thumbnail", "aria-hidden": "true" });
  if (!file) return frame;
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    const video = h("video", {
      src: `${ownPath(file.url)}#t=1`,
      preload: "metadata",
      tabindex: "-1",
    });
    video.muted = true;
    frame.append(video);
  });
  seen.observe(frame);
  return frame;
}

customElements.define("studio-tasks", TaskList);
