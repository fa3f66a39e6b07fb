// The faces one below the other, each with the stretch in which it can speak, and its lines.

import { button, h, icon, setVariable } from "../dom.js";
import { clock, seconds } from "../format.js";
import { ownPath } from "../http.js";
import { bind, hush, say } from "../words.js";
import "./clip.js";

const TICKS_MS = [200, 500, 1000, 2000, 5000, 10_000];

/** `<studio-timeline>`: fires "speak", "drop-sound", "seek" and "pick". */
export class Timeline extends HTMLElement {
  show(project) {
    this.project = project;
    this.ruler = h("div", {
      class: "ruler",
      role: "slider",
      tabindex: "0",
      "aria-valuemin": "0",
      "t-aria-label": "timeline.position",
      onpointerdown: (event) => this.scrub(event),
      onkeydown: (event) => this.rulerKey(event),
    });
    this.playhead = h("div", { class: "playhead", "aria-hidden": "true" });
    this.rows = h("div", { class: "rows", role: "list" });
    this.inner = h(
      "div",
      { class: "tracks" },
      h("div", { class: "ruler-row" }, h("span", {}), this.ruler),
      this.rows,
      this.playhead,
    );
    this.scroller = h(
      "div",
      { class: "scroller", tabindex: "0", role: "group", "t-aria-label": "timeline.title" },
      this.inner,
    );
    this.hint = h("p", { class: "hint", role: "status" });
    this.zoom = h("input", {
      type: "range",
      min: "1",
      max: "8",
      step: "0.5",
      value: "1",
      "t-aria-label": "timeline.zoom",
      oninput: () => {
        setVariable(this.inner, "zoom", this.zoom.value);
        this.makeTicks();
      },
    });
    this.append(
      h(
        "div",
        { class: "timeline-head" },
        h("h2", { t: "timeline.title" }),
        this.hint,
        h("label", { class: "zoom" }, icon("zoom"), this.zoom),
      ),
      this.scroller,
    );
    this.listeners = new AbortController();
    project.addEventListener("change", () => this.follow(), { signal: this.listeners.signal });
    this.follow();
  }

  disconnectedCallback() {
    this.listeners?.abort();
  }

  follow() {
    const { project } = this;
    if (project.session !== this.session) {
      this.session = project.session;
      this.rows.replaceChildren(...project.faces.map((face, index) => this.makeRow(face, index)));
      this.makeTicks();
    }
    project.faces.forEach((face, index) => {
      const row = this.rows.children[index];
      const lane = row.querySelector(".lane");
      const lines = project.lines.filter((line) => line.faceId === face.face_id);
      row.classList.toggle("chosen", face.face_id === project.faceId);
      row.querySelector(".invite").hidden = lines.length > 0;
      const clips = new Map(
        [...lane.querySelectorAll("studio-clip")].map((clip) => [clip.lineId, clip]),
      );
      for (const line of lines) {
        if (!clips.delete(line.id)) {
          const clip = document.createElement("studio-clip");
          clip.show(project, line.id, this, `hue${index % 6}`);
          lane.append(clip);
        }
      }
      for (const clip of clips.values()) clip.remove();
    });
  }

  makeRow(face, index) {
    const { videoMs } = this.project;
    const name = h("span", { class: "face-name" });
    say(name, "face.name", { number: index + 1 });
    const times = h("span", { class: "soft" });
    say(times, "face.interval", {
      from: () => seconds(face.start_time),
      to: () => seconds(face.end_time),
    });
    const portrait = h("img", { src: ownPath(face.image_url), alt: "", class: "portrait" });
    const speak = button("face.add", "plus", () => this.fire("speak", { faceId: face.face_id }), {
      quiet: true,
      kind: "small",
    });
    bind(speak, "aria-label", "face.speak", { number: index + 1 });
    const stretch = h("div", { class: "stretch", "aria-hidden": "true" });
    setVariable(stretch, "from", `${(face.start_time / videoMs) * 100}%`);
    setVariable(
      stretch,
      "length",
      `${((Math.min(face.end_time, videoMs) - face.start_time) / videoMs) * 100}%`,
    );
    const lane = h(
      "div",
      {
        class: "lane",
        ondragover: (event) => {
          event.preventDefault();
          lane.classList.add("over");
        },
        ondragleave: () => lane.classList.remove("over"),
        ondrop: (event) => {
          event.preventDefault();
          event.stopPropagation();
          lane.classList.remove("over");
          const [file] = event.dataTransfer.files;
          if (file)
            this.fire("drop-sound", {
              file,
              faceId: face.face_id,
              wantedMs: this.msAt(event.clientX),
            });
        },
      },
      stretch,
      h("span", { class: "invite soft", t: "timeline.invite" }),
    );
    const row = h(
      "div",
      { class: `face-row hue${index % 6}`, role: "listitem" },
      h(
        "div",
        { class: "face-head" },
        portrait,
        h("div", { class: "face-words" }, name, times),
        speak,
      ),
      lane,
    );
    return row;
  }

  makeTicks() {
    const { videoMs } = this.project;
    const most = 8 * Number(this.zoom.value);
    const step = TICKS_MS.find((ms) => videoMs / ms <= most) ?? TICKS_MS.at(-1);
    const ticks = [];
    for (let ms = 0; ms <= videoMs - step / 3; ms += step) {
      const tick = h(
        "span",
        { class: "tick", "aria-hidden": "true" },
        clock(ms, step < 1000 ? 1 : 0),
      );
      setVariable(tick, "at", `${(ms / videoMs) * 100}%`);
      ticks.push(tick);
    }
    this.ruler.replaceChildren(...ticks);
    this.ruler.setAttribute("aria-valuemax", String(videoMs));
  }

  /** The video's time below a point of the window. */
  msAt(clientX) {
    const { left, width } = this.ruler.getBoundingClientRect();
    return ((clientX - left) / width) * this.project.videoMs;
  }

  /** How many ms lie below so many pixels. */
  msOf(pixels) {
    return (pixels / this.ruler.getBoundingClientRect().width) * this.project.videoMs;
  }

  scrub(event) {
    this.ruler.setPointerCapture(event.pointerId);
    const seek = (moved) => this.fire("seek", { ms: this.msAt(moved.clientX) });
    seek(event);
    this.ruler.onpointermove = seek;
    this.ruler.onpointerup = this.ruler.onpointercancel = () => (this.ruler.onpointermove = null);
  }

  rulerKey(event) {
    const steps = {
      ArrowLeft: -100,
      ArrowRight: 100,
      PageDown: -1000,
      PageUp: 1000,
      Home: -1e9,
      End: 1e9,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.fire("seek", { ms: this.nowMs + steps[event.key] * (event.shiftKey ? 10 : 1) });
  }

  /** Show where the video is. */
  at(ms) {
    this.nowMs = ms;
    const { videoMs } = this.project;
    if (!videoMs) return;
    setVariable(this.inner, "now", (Math.min(ms, videoMs) / videoMs).toFixed(5));
    this.ruler.setAttribute("aria-valuenow", String(Math.round(ms)));
    this.ruler.setAttribute("aria-valuetext", clock(ms));
  }

  /** Say why a line went no further, or nothing. */
  explain(reason, line) {
    if (!reason) return hush(this.hint);
    const face = this.project.face(line.faceId);
    say(this.hint, `reason.${reason}`, {
      number: this.project.faceNumber(line.faceId),
      from: () => seconds(face.start_time),
      to: () => seconds(face.end_time),
      least: () => seconds(this.project.limits.min_speech_ms),
      most: () => seconds(this.project.limits.max_speech_ms),
      overlap: () => seconds(this.project.limits.min_overlap_ms),
    });
    this.hint.dataset.reason = reason;
  }

  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("studio-timeline", Timeline);
