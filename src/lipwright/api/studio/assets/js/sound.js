// Sounds: read any that the browser can, see their shape, and write those that the API takes.

const RATE = 48_000;
const WAV_RATE = 32_000; // mono: a minute of it is 3.8 MB, well below what the API takes
const PEAKS_PER_S = 100;
const TAKEN_AS_THEY_ARE = /\.(mp3|wav|m4a|aac)$/i;

/**
 * Read a sound file. Returns `{name, file, buffer, durationMs, peaks, converted}`; `file` is what
 * is to be sent: the same file if the API takes it, else a wav made of it.
 */
export async function readSound(file, name, limits) {
  const reader = new OfflineAudioContext(1, 1, RATE);
  let buffer = await reader.decodeAudioData(await file.arrayBuffer());
  const asItIs = TAKEN_AS_THEY_ARE.test(name) && file.size <= limits.max_speech_bytes;
  let sent = file;
  if (!asItIs) {
    const longest = ((limits.max_speech_bytes - 100) / 2 / WAV_RATE) | 0;
    sent = toWav(await resampled(buffer, Math.min(buffer.duration, longest)));
    name = `${name.replace(/\.\w+$/, "")}.wav`;
    buffer = await reader.decodeAudioData(await sent.arrayBuffer());
  }
  return {
    name,
    file: sent,
    buffer,
    durationMs: Math.floor(buffer.duration * 1000),
    peaks: peaksOf(buffer),
    converted: !asItIs,
  };
}

/** Return the greatest magnitudes of short stretches, 0 to 1, loudest stretch of speech near 1. */
function peaksOf(buffer) {
  const size = Math.round(buffer.sampleRate / PEAKS_PER_S);
  const peaks = new Float32Array(Math.ceil(buffer.length / size));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < samples.length; i++) {
      const at = (i / size) | 0;
      const height = Math.abs(samples[i]);
      if (height > peaks[at]) peaks[at] = height;
    }
  }
  const most = peaks.reduce((a, b) => Math.max(a, b), 0.05);
  return peaks.map((height) => height / most);
}

/** Draw a part of a sound's shape over a whole canvas. */
export function drawPeaks(canvas, peaks, fromMs, toMs, color) {
  const scale = Math.min(2, devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const paint = canvas.getContext("2d");
  paint.clearRect(0, 0, width, height);
  paint.fillStyle = color;
  const step = 3 * scale;
  const bar = 2 * scale;
  for (let x = 0; x < width; x += step) {
    const a = ((fromMs + ((toMs - fromMs) * x) / width) / 1000) * PEAKS_PER_S;
    const b = a + (((toMs - fromMs) * step) / width / 1000) * PEAKS_PER_S;
    let most = 0;
    for (let i = Math.floor(a); i < Math.max(a + 1, b) && i < peaks.length; i++)
      most = Math.max(most, peaks[i]);
    const tall = Math.max(bar, most * height * 0.9);
    paint.beginPath();
    paint.roundRect(x, (height - tall) / 2, bar, tall, bar / 2);
    paint.fill();
  }
}

async function resampled(buffer, durationS) {
  const context = new OfflineAudioContext(
    1,
    Math.max(1, Math.floor(durationS * WAV_RATE)),
    WAV_RATE,
  );
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

function toWav(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, word) =>
    [...word].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true); // whole numbers
  bytes.setUint16(22, 1, true); // one channel
  bytes.setUint32(24, WAV_RATE, true);
  bytes.setUint32(28, WAV_RATE * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, i) =>
    bytes.setInt16(44 + i * 2, Math.max(-1, Math.min(1, sample)) * 32767, true),
  );
  return new Blob([bytes], { type: "audio/wav" });
}
