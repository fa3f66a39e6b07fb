// One line on the timeline: its waveform, to be dragged, and its two ends, to be trimmed.

import { h, setVariable } from "../dom.js";
import { seconds } from "../format.js";
import { endOf, lengthOf, move, trimEnd, trimStart } from "../placement.js";
import { drawPeaks } from "../sound.js";
import { bind } from "../words.js";

const EDGE_PX = 8; // how near an edge must be to be snapped to
const STEP_MS = 100;

/** `<studio-clip>`. Three sliders, so that keyboards and screen readers can do all a mouse can. */
export class Clip extends HTMLElement {
  show(project, lineId, timeline, hue) {
    Object.assign(this, { project, lineId, timeline });
    this.className = hue;
    this.setAttribute("role", "group");
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.pad = h("div", { class: "pad", "aria-hidden": "true" });
    this.caption = h("span", { class: "caption", "aria-hidden": "true" });
    this.body = this.slider(
      "body",
      move,
      (line) => line.insertMs,
      this.canvas,
      this.pad,
      this.caption,
    );
    this.start = this.slider("start", trimStart, (line) => line.insertMs);
    this.end = this.slider("end", trimEnd, (line) => endOf(line, project.limits));
    this.append(this.body, this.start, this.end);
    this.listeners = new AbortController();
    project.addEventListener("change", () => this.follow(), { signal: this.listeners.signal });
    document.addEventListener("words", () => this.follow(), { signal: this.listeners.signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), {
      signal: this.listeners.signal,
    });
    document.addEventListener("theme", () => this.draw(), { signal: this.listeners.signal });
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.canvas);
    this.follow();
  }

  disconnectedCallback() {
    this.listeners?.abort();
    this.resized?.disconnect();
  }

  get line() {
    return this.project.line(this.lineId);
  }

  /** Make a slider whose value is a time of the video, and that changes the line by `act`. */
  slider(name, act, valueOf, ...children) {
    const element = h(
      "div",
      { class: `clip-${name}`, role: "slider", tabindex: "0", "aria-valuemin": "0" },
      ...children,
    );
    const to = (ms, ...more) => {
      const { line, reason } = act(this.line, ms, this.place(), ...more);
      const { startMs, endMs, insertMs } = line;
      this.stopped(reason);
      this.project.update(this.lineId, { startMs, endMs, insertMs });
    };
    element.addEventListener("focus", () =>
      this.project.change({ selected: this.lineId, faceId: this.line.faceId }),
    );
    element.addEventListener("keydown", (event) => {
      const steps = {
        ArrowLeft: -STEP_MS,
        ArrowRight: STEP_MS,
        PageDown: -10 * STEP_MS,
        PageUp: 10 * STEP_MS,
        Home: -1e9,
        End: 1e9,
      };
      if (event.key in steps) {
        event.preventDefault();
        const step = event.altKey
          ? steps[event.key] / 10
          : event.shiftKey
            ? steps[event.key] * 10
            : steps[event.key];
        to(Math.max(-1, Math.min(this.project.videoMs + 60_000, valueOf(this.line) + step)), 0);
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        this.timeline.fire("remove", { id: this.lineId });
      }
    });
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      const [from, at] = [valueOf(this.line), event.clientX];
      element.onpointermove = (moved) =>
        to(from + this.timeline.msOf(moved.clientX - at), this.timeline.msOf(EDGE_PX));
      element.onpointerup = element.onpointercancel = () => {
        element.onpointermove = null;
        this.stopped(null, true);
      };
    });
    element.read = valueOf;
    return element;
  }

  place() {
    return { ...this.project.place(this.line), marks: [this.timeline.nowMs ?? 0] };
  }

  stopped(reason, quiet = false) {
    this.classList.toggle("stopped", Boolean(reason));
    if (!quiet) this.timeline.explain(reason, this.line);
  }

  follow() {
    const { line, project } = this;
    if (!line) return;
    const length = lengthOf(line, project.limits);
    setVariable(this, "from", `${(line.insertMs / project.videoMs) * 100}%`);
    setVariable(this, "length", `${(length / project.videoMs) * 100}%`);
    setVariable(this, "sounding", `${((line.endMs - line.startMs) / length) * 100}%`);
    this.classList.toggle("chosen", project.selected === line.id);
    this.caption.textContent = line.sound.name;
    const number = project.lines.indexOf(line) + 1;
    bind(this, "aria-label", "clip.line", { number, name: line.sound.name });
    for (const name of ["body", "start", "end"]) {
      const value = this[name].read(line);
      bind(this[name], "aria-label", `clip.${name}`, { number });
      bind(this[name], "aria-valuetext", "clip.at", {
        at: seconds(value),
        to: seconds(endOf(line, project.limits)),
      });
      this[name].setAttribute("aria-valuenow", String(value));
      this[name].setAttribute("aria-valuemax", String(project.videoMs));
    }
    this.draw();
  }

  draw() {
    const { line } = this;
    if (!line || !this.isConnected) return;
    const state = [
      line.startMs,
      line.endMs,
      this.canvas.clientWidth,
      getComputedStyle(this).color,
    ].join();
    if (state === this.drawn) return;
    this.drawn = state;
    drawPeaks(
      this.canvas,
      line.sound.peaks,
      line.startMs,
      line.endMs,
      getComputedStyle(this).color,
    );
  }
}

customElements.define("studio-clip", Clip);
