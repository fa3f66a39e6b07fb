// Hear the mix before it is rendered: the video's own sound and the lines, each at its volume.

/** Plays a project's lines along with its video element. */
export class Mix {
  constructor(video, project) {
    this.video = video;
    this.project = project;
    this.voices = new Map(); // line id -> {source, gain}
    this.listeners = new AbortController();
    const on = (name, act) => video.addEventListener(name, act, { signal: this.listeners.signal });
    on("playing", () => this.start());
    for (const name of ["pause", "seeking", "waiting", "ended"]) on(name, () => this.stop());
    project.addEventListener("change", () => this.follow(), { signal: this.listeners.signal });
  }

  /** Wake the sound up; browsers want this to come from a click. */
  wake() {
    if (!this.context) {
      this.context = new AudioContext();
      // What the service's limiter does to peaks, roughly.
      this.out = new DynamicsCompressorNode(this.context, {
        threshold: -1.5,
        knee: 0,
        ratio: 20,
        attack: 0.001,
      });
      this.out.connect(this.context.destination);
      this.original = new GainNode(this.context, { gain: this.project.originalVolume });
      this.context.createMediaElementSource(this.video).connect(this.original).connect(this.out);
    }
    return this.context.resume();
  }

  start() {
    this.stop();
    if (!this.context || this.video.paused) return;
    const now = this.video.currentTime;
    for (const line of this.project.lines) {
      const from = line.insertMs / 1000;
      const length = (line.endMs - line.startMs) / 1000;
      if (now >= from + length) continue;
      const source = new AudioBufferSourceNode(this.context, { buffer: line.sound.buffer });
      const gain = new GainNode(this.context, { gain: line.volume });
      source.connect(gain).connect(this.out);
      const skipped = Math.max(0, now - from);
      const when = this.context.currentTime + Math.max(0, from - now);
      source.start(when, line.startMs / 1000 + skipped, length - skipped);
      this.voices.set(line.id, { source, gain });
    }
  }

  stop() {
    for (const { source } of this.voices.values()) source.stop();
    this.voices.clear();
  }

  /** Take new volumes at once; new places by beginning again. */
  follow() {
    if (!this.context) return;
    this.original.gain.value = this.project.originalVolume;
    const places = this.project.lines
      .map((line) => [line.id, line.insertMs, line.startMs, line.endMs].join())
      .join(";");
    if (places !== this.places && !this.video.paused) this.start();
    this.places = places;
    for (const line of this.project.lines) {
      const voice = this.voices.get(line.id);
      if (voice) voice.gain.gain.value = line.volume;
    }
  }

  close() {
    this.stop();
    this.listeners.abort();
    this.context?.close();
  }
}
