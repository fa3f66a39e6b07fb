// Before and after in lockstep: side by side, as a wipe, or the result alone; near, slow, step by step.

import { nearestBox } from "../boxes.js";
import { button, h, icon, setVariable } from "../dom.js";
import { clock } from "../format.js";
import { bind, say } from "../words.js";

const MODES = ["side", "wipe", "result"];
const SPEEDS = [1, 0.5, 0.25, 0.1];
const DRIFT_S = 0.02; // what is put right by playing a little faster or slower
const JUMP_S = 0.2; // what is put right by seeking
const MOUTH_AT = 0.72; // where in a face's box the mouth is, from its top
const NEAR_BOXES = 0.8; // how many box widths fill the picture when it is near

/** `<studio-compare>`. */
export class Compare extends HTMLElement {
  /** @param shown `{before, after, frameRate, faces, width, height}`; faces may be empty. */
  show(shown) {
    Object.assign(this, shown, { mode: "side", near: false, face: shown.faces[0] ?? null });
    this.source = h("video", {
      src: shown.before,
      playsinline: true,
      preload: "auto",
      muted: true,
      "t-aria-label": "compare.before",
    });
    this.source.muted = true;
    this.result = h("video", {
      src: shown.after,
      playsinline: true,
      preload: "auto",
      loop: true,
      "t-aria-label": "compare.after",
    });
    this.picture = h(
      "div",
      { class: "pair" },
      h(
        "figure",
        { class: "before" },
        h("div", { class: "lens" }, this.source),
        h("figcaption", { t: "compare.before" }),
      ),
      h(
        "figure",
        { class: "after" },
        h("div", { class: "lens" }, this.result),
        h("figcaption", { t: "compare.after" }),
      ),
      this.makeWipe(),
    );
    setVariable(this.picture, "shape", String(shown.width ? shown.width / shown.height : 16 / 9));
    this.setAttribute("role", "group");
    this.bind("aria-label", "compare.title");
    this.append(this.makeModes(), this.picture, this.makeTransport(), this.makeKeys());
    this.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["play", "pause"])
      this.result.addEventListener(name, () => this.showPlaying());
    this.result.addEventListener("play", () => this.source.play().catch(() => {}));
    this.result.addEventListener("pause", () => {
      this.source.pause();
      this.source.currentTime = this.result.currentTime;
    });
    this.result.addEventListener("loadedmetadata", () => {
      setVariable(this.picture, "shape", String(this.result.videoWidth / this.result.videoHeight));
      this.scrubber.max = String(Math.round(this.result.duration * 1000));
    });
    this.result.addEventListener("seeked", () => this.showTime());
    this.setMode("side");
    this.tick();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.next);
    for (const video of [this.source, this.result]) video?.removeAttribute("src");
  }

  bind(slot, key) {
    bind(this, slot, key);
  }

  makeModes() {
    this.modes = MODES.map((mode) =>
      button(`compare.${mode}`, mode, () => this.setMode(mode), { "data-mode": mode }),
    );
    this.nearButton = button("compare.near", "mouth", () => this.setNear(!this.near), {
      "aria-pressed": "false",
    });
    this.hearButton = button("compare.hear.after", "sound", () => this.hear());
    this.people = h(
      "select",
      {
        "t-aria-label": "compare.whom",
        onchange: () => (this.face = this.faces[Number(this.people.value)]),
      },
      ...this.faces.map((_, index) => h("option", { value: String(index) })),
    );
    [...this.people.children].forEach((option, index) =>
      bind(option, "text", "face.name", { number: index + 1 }),
    );
    this.people.hidden = true;
    return h(
      "div",
      { class: "row between wrap" },
      h(
        "div",
        { class: "segments", role: "group", "t-aria-label": "compare.modes" },
        ...this.modes,
      ),
      h("div", { class: "row" }, this.people, this.nearButton, this.hearButton),
    );
  }

  makeWipe() {
    this.wipe = h("input", {
      type: "range",
      class: "wipe",
      min: "0",
      max: "100",
      step: "0.5",
      value: "50",
      "t-aria-label": "compare.border",
      oninput: () => setVariable(this.picture, "wipe", `${this.wipe.value}%`),
    });
    return h(
      "div",
      { class: "wipe-layer" },
      h("div", { class: "wipe-line", "aria-hidden": "true" }, icon("grip")),
      this.wipe,
    );
  }

  makeTransport() {
    this.playButton = button("play", "play", () => this.toggle(), { quiet: true, kind: "main" });
    this.time = h("output", { class: "time", "t-aria-label": "stage.time" });
    this.scrubber = h("input", {
      type: "range",
      class: "grow",
      min: "0",
      max: "1000",
      step: "1",
      value: "0",
      "t-aria-label": "timeline.position",
      oninput: () => this.seek(Number(this.scrubber.value) / 1000),
    });
    this.speed = h(
      "select",
      { "t-aria-label": "compare.speed", onchange: () => this.setSpeed(Number(this.speed.value)) },
      ...SPEEDS.map((speed) => h("option", { value: String(speed) }, `${speed} ×`)),
    );
    return h(
      "div",
      { class: "transport" },
      button("frame.back", "back", () => this.step(-1), { quiet: true }),
      this.playButton,
      button("frame.on", "on", () => this.step(1), { quiet: true }),
      this.scrubber,
      this.time,
      this.speed,
    );
  }

  makeKeys() {
    return h(
      "details",
      { class: "more" },
      h("summary", { t: "keys.title" }),
      h("p", { class: "soft", t: "keys.compare" }),
    );
  }

  setMode(mode) {
    this.mode = mode;
    this.picture.dataset.mode = mode;
    for (const element of this.modes)
      element.setAttribute("aria-pressed", String(element.dataset.mode === mode));
    this.wipe.disabled = mode !== "wipe";
  }

  setNear(near) {
    this.near = near;
    this.nearButton.setAttribute("aria-pressed", String(near));
    this.picture.classList.toggle("near", near);
    this.people.hidden = !near || this.faces.length < 2;
    this.look();
  }

  hear() {
    this.result.muted = !this.result.muted;
    this.source.muted = !this.result.muted;
    say(
      this.hearButton.querySelector("span"),
      this.result.muted ? "compare.hear.before" : "compare.hear.after",
    );
  }

  setSpeed(speed) {
    this.result.playbackRate = this.source.playbackRate = speed;
  }

  toggle() {
    if (!this.result.paused) this.result.pause();
    else {
      this.source.currentTime = this.result.currentTime;
      this.result.play().catch(() => {});
    }
  }

  seek(seconds) {
    const last = Math.max(0, (this.result.duration || 0) - 0.001);
    this.result.currentTime = this.source.currentTime = Math.min(last, Math.max(0, seconds));
    this.showTime();
  }

  /** Go to the middle of the next or previous frame: its edges belong to either. */
  step(by) {
    this.result.pause();
    const frame = 1 / this.frameRate;
    this.seek((Math.floor(this.result.currentTime / frame + 0.01) + by + 0.5) * frame);
  }

  key(event) {
    if (event.target.matches("select, summary") || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const ranged = event.target.matches("input[type=range]");
    const pressed = event.target.matches("button");
    const act = {
      " ": pressed ? null : () => this.toggle(),
      ",": () => this.step(-1),
      ".": () => this.step(1),
      ArrowLeft: ranged ? null : () => this.step(-1),
      ArrowRight: ranged ? null : () => this.step(1),
      w: () => this.setMode(this.mode === "wipe" ? "side" : "wipe"),
      z: () => this.setNear(!this.near),
      m: () => this.hear(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  tick() {
    if (!this.result.paused) {
      this.keepStep();
      this.showTime();
    }
    this.next = requestAnimationFrame(() => this.tick());
  }

  keepStep() {
    // The result begins anew at its end; the original has stopped there.
    if (this.source.paused && !this.source.seeking) this.source.play().catch(() => {});
    const late = this.result.currentTime - this.source.currentTime;
    const speed = this.result.playbackRate;
    if (Math.abs(late) > JUMP_S * Math.max(1, speed) && !this.source.seeking) {
      this.source.currentTime = this.result.currentTime;
    }
    this.source.playbackRate = Math.abs(late) > DRIFT_S ? speed * (late > 0 ? 1.08 : 0.92) : speed;
  }

  showTime() {
    const ms = this.result.currentTime * 1000;
    this.time.textContent = clock(ms, 2);
    this.scrubber.value = String(Math.round(ms));
    this.scrubber.setAttribute("aria-valuetext", clock(ms, 2));
    this.look();
  }

  /** Look closely at the mouth, wherever it is now. */
  look() {
    let [x, y, scale] = [0.5, 0.5, 1];
    if (this.near) {
      const box = this.face && nearestBox(this.face, this.result.currentTime * 1000);
      scale = box ? Math.min(8, Math.max(1.5, 1 / (box.width * NEAR_BOXES))) : 3;
      if (box) [x, y] = [box.x + box.width / 2, box.y + box.height * MOUTH_AT];
    }
    const inside = (at) => Math.min(0, Math.max(1 - scale, 0.5 - at * scale)) * 100;
    setVariable(this.picture, "scale", String(scale));
    setVariable(this.picture, "dx", `${inside(x)}%`);
    setVariable(this.picture, "dy", `${inside(y)}%`);
  }

  showPlaying() {
    const name = this.result.paused ? "play" : "pause";
    this.playButton.querySelector("use").setAttribute("href", `/studio/icons.svg#${name}`);
    bind(this.playButton, "aria-label", name);
    bind(this.playButton, "title", name);
  }
}

customElements.define("studio-compare", Compare);
