// The line that is chosen, in numbers: for exactness, and for those who do not drag.

import { button, h } from "../dom.js";
import { percent, seconds } from "../format.js";
import { endOf, move, trimEnd, trimStart } from "../placement.js";
import { say } from "../words.js";

/** `<studio-inspector>`. */
export class Inspector extends HTMLElement {
  show(project, timeline) {
    Object.assign(this, { project, timeline });
    this.heading = h("h2", {});
    this.name = h("p", { class: "soft cut" });
    this.at = this.number("line.at", (line, ms) => move(line, ms, project.place(line), 0));
    this.from = this.number("line.from", (line, ms) =>
      trimStart(line, line.insertMs + ms - line.startMs, project.place(line)),
    );
    this.to = this.number("line.to", (line, ms) =>
      trimEnd(line, line.insertMs + ms - line.startMs, project.place(line)),
    );
    this.volume = volume("line.volume", (value) =>
      project.update(project.selected, { volume: value }),
    );
    this.transcript = h("textarea", {
      id: "transcript",
      rows: "1",
      maxlength: "4000",
      "t-placeholder": "line.transcript.hint",
      onchange: () =>
        project.update(project.selected, { transcript: this.transcript.value.trim() }),
    });
    this.empty = h("p", { class: "soft", t: "line.none" });
    this.fields = h(
      "div",
      { class: "fields" },
      this.name,
      h("div", { class: "three" }, this.at.label, this.from.label, this.to.label),
      this.volume.label,
      h("div", {}, h("label", { for: "transcript", t: "line.transcript" }), this.transcript),
    );
    this.original = volume("original.volume", (value) => project.change({ originalVolume: value }));
    this.bin = button(
      "line.remove",
      "bin",
      () => timeline.fire("remove", { id: project.selected }),
      { kind: "plain small", quiet: true },
    );
    this.append(
      h("div", { class: "row between" }, this.heading, this.bin),
      this.empty,
      this.fields,
      this.original.label,
    );
    this.listeners = new AbortController();
    project.addEventListener("change", () => this.follow(), { signal: this.listeners.signal });
    document.addEventListener("words", () => this.follow(), { signal: this.listeners.signal });
    this.follow();
  }

  disconnectedCallback() {
    this.listeners?.abort();
  }

  /** Make a field for seconds that changes the line the way a handle does. */
  number(key, act) {
    const input = h("input", {
      type: "number",
      step: "0.01",
      min: "0",
      inputmode: "decimal",
      onchange: () => {
        const line = this.project.line(this.project.selected);
        const wanted = Math.round(Number(input.value) * 1000);
        if (!line || !Number.isFinite(wanted)) return this.follow();
        const { line: changed, reason } = act(line, wanted);
        this.timeline.explain(reason, line);
        const { startMs, endMs, insertMs } = changed;
        return this.project.update(line.id, { startMs, endMs, insertMs });
      },
    });
    return { input, label: h("label", {}, h("span", { t: key }), input) };
  }

  follow() {
    const { project } = this;
    const line = project.line(project.selected);
    this.fields.hidden = !line;
    this.bin.hidden = !line;
    this.empty.hidden = Boolean(line);
    this.original.label.hidden = !project.session?.video.has_audio;
    this.original.put(project.originalVolume);
    if (!line) return say(this.heading, "line.title.none");
    say(this.heading, "line.title", {
      number: project.lines.indexOf(line) + 1,
      face: project.faceNumber(line.faceId),
    });
    this.name.textContent = `${line.sound.name} · ${seconds(line.sound.durationMs)} s`;
    put(this.at.input, line.insertMs / 1000);
    put(this.from.input, line.startMs / 1000);
    put(this.to.input, line.endMs / 1000);
    this.at.input.title = `${seconds(line.insertMs)} – ${seconds(endOf(line, project.limits))} s`;
    this.volume.put(line.volume);
    if (document.activeElement !== this.transcript) this.transcript.value = line.transcript;
    return undefined;
  }
}

function put(input, value) {
  // Not while it is typed in.
  if (document.activeElement !== input || Math.abs(Number(input.value) - value) > 0.005)
    input.value = value.toFixed(2);
}

/** Make a slider for a volume of 0 to 2. */
function volume(key, act) {
  const output = h("output", { class: "soft" });
  const input = h("input", {
    type: "range",
    min: "0",
    max: "2",
    step: "0.05",
    oninput: () => act(Number(input.value)),
  });
  const label = h(
    "label",
    { class: "volume" },
    h("span", { class: "row between" }, h("span", { t: key }), output),
    input,
  );
  const show = (value) => {
    input.value = String(value);
    output.textContent = percent(value);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  return { label, put: show };
}

customElements.define("studio-inspector", Inspector);
