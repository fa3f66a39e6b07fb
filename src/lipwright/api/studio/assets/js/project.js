// One video, its faces, and what they shall say. Fires "change" whenever something of it changes.

import { firstPlace } from "./placement.js";
import { identify, session as lookUp } from "./service.js";
import { upload } from "./upload.js";

let count = 0;

/** What the visitor works on. */
export class Project extends EventTarget {
  /** @param source `{file}`, `{url}` or `{sessionId}`. */
  constructor(source, limits) {
    super();
    this.source = source;
    this.limits = limits;
    this.blobUrl = source.file ? URL.createObjectURL(source.file) : "";
    this.phase = source.file ? "sending" : "looking"; // then "ready" or "failed"
    this.sent = 0;
    this.error = null;
    this.session = null;
    this.lines = [];
    this.selected = null; // a line's id
    this.faceId = null;
    this.originalVolume = 1;
    this.options = { consent: false, watermark: false, engine: "" };
    this.stopped = new AbortController();
  }

  get name() {
    if (this.source.file) return this.source.file.name;
    return this.source.url
      ? decodeURIComponent(this.source.url.split(/[?#]/)[0].split("/").pop())
      : "video.mp4";
  }

  get videoMs() {
    return this.session?.video.duration_ms ?? 0;
  }

  get faces() {
    return this.session?.faces ?? [];
  }

  face(id) {
    return this.faces.find((face) => face.face_id === id);
  }

  faceNumber(id) {
    return this.faces.findIndex((face) => face.face_id === id) + 1;
  }

  line(id) {
    return this.lines.find((line) => line.id === id) ?? null;
  }

  /** Send the video, have its faces found, and look them up. */
  async prepare() {
    const { signal } = this.stopped;
    this.error = null;
    try {
      let { sessionId, url, videoId } = this.source;
      if (this.source.file && !videoId) {
        this.change({ phase: "sending", sent: 0 });
        const kept = await upload(this.source.file, this.name, {
          signal,
          progress: (sent) => this.change({ sent }),
        });
        videoId = this.source.videoId = kept.file_id;
      }
      this.change({ phase: "looking" });
      if (!sessionId)
        sessionId = (await identify(videoId ? { video_id: videoId } : { video_url: url }, signal))
          .session_id;
      const session = await lookUp(sessionId);
      this.change({ session, phase: "ready", faceId: session.faces[0]?.face_id ?? null });
    } catch (error) {
      if (signal.aborted) return;
      this.change({ phase: "failed", error });
    }
  }

  /** Have the same video looked at again after its session has expired; the lines stay. */
  async renew() {
    const found = await identify({ video_id: this.session.video.id });
    this.change({ session: await lookUp(found.session_id) });
  }

  /** Give a face a sound. Returns `{line, reason}`, or null if there is no room for it. */
  add(faceId, sound, wantedMs) {
    const bare = { id: `line${++count}`, faceId, soundMs: sound.durationMs, insertMs: 0 };
    const face = this.face(faceId);
    const placed = firstPlace(bare, wantedMs ?? face.start_time, this.place(bare));
    if (!placed) return null;
    const line = { ...placed.line, sound, volume: 1, transcript: "", upload: null };
    this.send(line);
    this.lines = [...this.lines, line];
    this.change({ selected: line.id, faceId });
    return { line, reason: placed.reason };
  }

  /** Begin to send a line's sound; the render waits for it. */
  send(line) {
    line.upload = upload(line.sound.file, line.sound.name, { signal: this.stopped.signal });
    line.upload.catch(() => {}); // told when it is needed
  }

  /** Where a line may go. */
  place(line) {
    return {
      face: this.face(line.faceId),
      videoMs: this.videoMs,
      others: this.lines.filter((other) => other.faceId === line.faceId && other.id !== line.id),
      limits: this.limits,
    };
  }

  update(id, changes) {
    this.lines = this.lines.map((line) => (line.id === id ? Object.assign(line, changes) : line));
    this.change();
  }

  remove(id) {
    this.lines = this.lines.filter((line) => line.id !== id);
    this.change({ selected: null });
  }

  change(values = {}) {
    Object.assign(this, values);
    this.dispatchEvent(new Event("change"));
  }

  /** Return the body that has it rendered; sounds that could not be sent are tried once more. */
  async order() {
    const urls = await Promise.all(
      this.lines.map(async (line) => {
        const kept = await line.upload.catch(() => (this.send(line), line.upload));
        return kept.url;
      }),
    );
    return this.body(urls);
  }

  body(urls) {
    const { consent, watermark, engine } = this.options;
    return {
      session_id: this.session?.session_id ?? "",
      ...(consent ? { consent } : {}),
      ...(watermark ? { watermark_info: { enabled: true } } : {}),
      ...(engine ? { engine } : {}),
      face_choose: this.lines.map((line, index) => ({
        face_id: line.faceId,
        sound_file: urls[index],
        sound_start_time: line.startMs,
        sound_end_time: line.endMs,
        sound_insert_time: line.insertMs,
        sound_volume: line.volume,
        original_audio_volume: this.originalVolume,
        ...(line.endMs - line.startMs < this.limits.min_speech_ms ? { fit: "pad" } : {}),
        ...(line.transcript ? { transcript: line.transcript } : {}),
      })),
    };
  }

  /** Stop what is under way and give memory back. */
  close() {
    this.stopped.abort();
    if (this.blobUrl) URL.revokeObjectURL(this.blobUrl);
  }
}
