// Choose or record what a face shall say.

import { button, h, icon, setVariable } from "../dom.js";
import { clock } from "../format.js";
import { Recorder, canRecord } from "../recorder.js";
import { hush, say } from "../words.js";

/** The dialog `<studio-speak>`; fires "sound" with `{file, name, faceId, wantedMs}`. */
export class SpeakDialog extends HTMLElement {
  connectedCallback() {
    this.heading = h("h2", { id: "speak-title" });
    this.input = h("input", {
      type: "file",
      class: "hidden-input",
      accept: "audio/*,.mp3,.wav,.m4a,.aac,.ogg,.flac,.webm",
      "t-aria-label": "speak.choose",
      onchange: () => this.chosen(),
    });
    this.recordButton = button("speak.record", "mic", () => this.toggle(), { kind: "wide" });
    this.time = h("output", { class: "record-time" });
    this.meter = h("div", { class: "meter", "aria-hidden": "true" }, h("div", {}));
    this.wrong = h("p", { class: "wrong", role: "alert" });
    this.dialog = h(
      "dialog",
      { class: "sheet", "aria-labelledby": "speak-title", onclose: () => this.abandon() },
      this.heading,
      h("p", { class: "soft", t: "speak.about" }),
      h(
        "label",
        { class: "button wide file" },
        this.input,
        icon("file"),
        h("span", { t: "speak.choose" }),
      ),
      h("div", { class: "recorder" }, this.recordButton, this.meter, this.time),
      this.wrong,
      h(
        "div",
        { class: "row end" },
        button("cancel", null, () => this.dialog.close()),
      ),
    );
    this.append(this.dialog);
  }

  /** Ask for a line of one face, wanted at a time of the video or anywhere. */
  ask(project, faceId, wantedMs) {
    Object.assign(this, { faceId, wantedMs });
    say(this.heading, "speak.title", { number: project.faceNumber(faceId) });
    hush(this.wrong);
    this.recordButton.disabled = !canRecord();
    if (!canRecord()) say(this.wrong, "speak.insecure");
    this.showState();
    this.dialog.showModal();
  }

  chosen() {
    const [file] = this.input.files;
    this.input.value = "";
    if (file) this.give(file, file.name);
  }

  async toggle() {
    if (this.recorder) {
      const recorder = this.recorder;
      this.recorder = null;
      this.give(await recorder.stop(), "recording.webm");
      return;
    }
    hush(this.wrong);
    const recorder = new Recorder();
    try {
      await recorder.start();
    } catch {
      recorder.release();
      say(this.wrong, "speak.refused");
      return;
    }
    this.recorder = recorder;
    this.showState();
    this.tick();
  }

  tick() {
    if (!this.recorder) return;
    setVariable(this.meter, "level", this.recorder.level().toFixed(3));
    this.time.textContent = clock(this.recorder.elapsed * 1000);
    requestAnimationFrame(() => this.tick());
  }

  showState() {
    const words = this.recordButton.querySelector("span");
    this.recordButton.classList.toggle("recording", Boolean(this.recorder));
    say(words, this.recorder ? "speak.stop" : "speak.record");
    this.time.textContent = "";
    setVariable(this.meter, "level", "0");
  }

  give(file, name) {
    const { faceId, wantedMs } = this;
    this.dialog.close();
    this.dispatchEvent(new CustomEvent("sound", { detail: { file, name, faceId, wantedMs } }));
  }

  abandon() {
    this.recorder?.release();
    this.recorder = null;
  }
}

customElements.define("studio-speak", SpeakDialog);
