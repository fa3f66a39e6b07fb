// Record the visitor's voice.

/** Whether this page may record at all: browsers allow it only on https and on localhost. */
export function canRecord() {
  return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
}

/** One recording: `await start()`, look at `level()` meanwhile, `await stop()` gives the bytes. */
export class Recorder {
  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    this.context = new AudioContext();
    this.meter = new AnalyserNode(this.context, { fftSize: 1024 });
    this.context.createMediaStreamSource(this.stream).connect(this.meter);
    this.window = new Float32Array(this.meter.fftSize);
    this.pieces = [];
    this.recorder = new MediaRecorder(this.stream);
    this.recorder.ondataavailable = (event) => this.pieces.push(event.data);
    this.recorder.start();
    this.begun = performance.now();
  }

  /** Seconds since it began. */
  get elapsed() {
    return (performance.now() - this.begun) / 1000;
  }

  /** Loudness now, 0 to 1. */
  level() {
    this.meter.getFloatTimeDomainData(this.window);
    const power =
      this.window.reduce((sum, sample) => sum + sample * sample, 0) / this.window.length;
    return Math.min(1, Math.max(0, 1 + Math.log10(power + 1e-6) / 5));
  }

  /** End it and return what was recorded. */
  async stop() {
    const ended = new Promise((resolve) => (this.recorder.onstop = resolve));
    this.recorder.stop();
    await ended;
    this.release();
    return new Blob(this.pieces, { type: this.recorder.mimeType });
  }

  /** Let go of the microphone. */
  release() {
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context?.state !== "closed") this.context?.close();
  }
}
