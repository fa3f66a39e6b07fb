// The video, with a frame around each face that follows it and takes sounds.

import { boxAt } from "../boxes.js";
import { button, h, icon, setVariable } from "../dom.js";
import { clock } from "../format.js";
import { ownPath } from "../http.js";
import { Mix } from "../mix.js";
import { bind } from "../words.js";

/** `<studio-stage>`: fires "speak" with `{faceId}` and "drop-sound" with `{file, faceId}`. */
export class Stage extends HTMLElement {
  /** Show a project; call once. */
  show(project) {
    this.project = project;
    this.video = h("video", { playsinline: true, preload: "auto", "t-aria-label": "stage.video" });
    this.boxes = h("div", { class: "boxes" });
    this.veil = h("div", { class: "veil", hidden: true });
    this.picture = h("div", { class: "picture" }, this.video, this.boxes, this.veil);
    this.playButton = button("play", "play", () => this.toggle(), { quiet: true, kind: "main" });
    this.time = h("output", { class: "time", "t-aria-label": "stage.time" });
    this.remark = h("span", { class: "soft grow", t: "stage.mix" });
    this.bar = h(
      "div",
      { class: "transport" },
      button("frame.back", "back", () => this.step(-1), { quiet: true }),
      this.playButton,
      button("frame.on", "on", () => this.step(1), { quiet: true }),
      this.time,
      this.remark,
    );
    this.append(this.picture, this.bar);
    if (project.blobUrl) this.video.src = project.blobUrl;
    this.bar.hidden = !project.blobUrl;
    for (const name of ["play", "pause"])
      this.video.addEventListener(name, () => this.showPlaying());
    this.video.addEventListener("error", () => this.unplayable());
    this.video.addEventListener("loadedmetadata", () => this.fit());
    this.video.addEventListener("seeked", () => this.showTime());
    this.mix = new Mix(this.video, project);
    this.listeners = new AbortController();
    project.addEventListener("change", () => this.follow(), { signal: this.listeners.signal });
    this.follow();
    this.tick();
  }

  disconnectedCallback() {
    this.listeners?.abort();
    this.mix?.close();
    cancelAnimationFrame(this.next);
    this.video?.removeAttribute("src");
  }

  get frameMs() {
    return 1000 / (this.project.session?.video.frame_rate || 25);
  }

  get nowMs() {
    return this.video.currentTime * 1000;
  }

  seek(ms) {
    const last = Math.max(0, (this.project.videoMs || this.video.duration * 1000) - 1);
    this.video.currentTime = Math.min(last, Math.max(0, ms)) / 1000;
    this.showTime();
  }

  /** Go to the middle of the next or previous frame: its edges belong to either. */
  step(by) {
    this.video.pause();
    this.seek((Math.floor(this.nowMs / this.frameMs + 0.01) + by + 0.5) * this.frameMs);
  }

  async toggle() {
    if (!this.video.paused) return this.video.pause();
    await this.mix.wake();
    return this.video.play().catch(() => {});
  }

  fit() {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth) setVariable(this.picture, "shape", String(videoWidth / videoHeight));
  }

  follow() {
    const { session } = this.project;
    if (session && !this.known) {
      this.known = true;
      setVariable(this.picture, "shape", String(session.video.width / session.video.height));
      if (!this.project.blobUrl) this.video.src = ownPath(session.video.url);
      this.bar.hidden = false;
      this.boxes.replaceChildren(...session.faces.map((face, index) => this.makeBox(face, index)));
    }
    this.remark.hidden = !this.project.lines.length;
    for (const box of this.boxes.children) {
      box.classList.toggle("chosen", box.dataset.face === this.project.faceId);
    }
    this.showTime();
  }

  makeBox(face, index) {
    const box = h(
      "button",
      {
        type: "button",
        class: `face-box hue${index % 6}`,
        "data-face": face.face_id,
        onclick: () => this.fire("speak", { faceId: face.face_id }),
        ondragover: (event) => {
          event.preventDefault();
          box.classList.add("over");
        },
        ondragleave: () => box.classList.remove("over"),
        ondrop: (event) => {
          event.preventDefault();
          event.stopPropagation();
          box.classList.remove("over");
          const [file] = event.dataTransfer.files;
          if (file) this.fire("drop-sound", { file, faceId: face.face_id });
        },
      },
      h("span", { class: "face-tag" }, icon("plus"), String(index + 1)),
    );
    bind(box, "aria-label", "face.speak", { number: index + 1 });
    bind(box, "title", "face.speak", { number: index + 1 });
    return box;
  }

  tick() {
    if (!this.video.paused) this.showTime();
    this.next = requestAnimationFrame(() => this.tick());
  }

  showTime() {
    const now = this.nowMs;
    this.time.textContent = `${clock(now)} / ${clock(this.project.videoMs || this.video.duration * 1000 || 0)}`;
    this.project.faces.forEach((face, index) => {
      const element = this.boxes.children[index];
      const box = boxAt(face, now);
      element.hidden = !box;
      if (!box) return;
      for (const side of ["x", "y", "width", "height"])
        setVariable(element, side, `${(box[side] * 100).toFixed(2)}%`);
    });
    this.fire("time", { ms: now });
  }

  showPlaying() {
    const name = this.video.paused ? "play" : "pause";
    this.playButton.querySelector("use").setAttribute("href", `/studio/icons.svg#${name}`);
    bind(this.playButton, "aria-label", name);
    bind(this.playButton, "title", name);
  }

  unplayable() {
    if (!this.video.getAttribute("src")) return;
    this.veil.replaceChildren(h("p", { t: "stage.unplayable" }));
    this.veil.hidden = false;
  }

  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("studio-stage", Stage);
