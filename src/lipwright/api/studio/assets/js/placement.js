// What the API allows a line, and why not more. Pure functions of plain values; times in ms.
//
// A line is {faceId, startMs, endMs, insertMs, soundMs}: a part of a sound on the sound's own clock,
// and where that goes on the video's. A place is {face, videoMs, others, limits}: where it may go.

const STICKY_MS = 60; // how near an edge draws a line to it, where the caller says no other

/** How long a line lasts on the video's clock: a short sound is filled with silence. */
export function lengthOf(line, limits) {
  return Math.max(line.endMs - line.startMs, limits.min_speech_ms);
}

/** Where a line ends on the video's clock. */
export function endOf(line, limits) {
  return line.insertMs + lengthOf(line, limits);
}

/**
 * Give a new line its first place: near the wanted time, cut where there is less room.
 * Returns {line, reason} or null if there is no room at all.
 */
export function firstPlace(line, wantedMs, place) {
  const { limits } = place;
  let length = Math.min(line.soundMs, limits.max_speech_ms);
  let reason = line.soundMs > limits.max_speech_ms ? "crop_too_long" : null;
  for (;;) {
    const cut = { ...line, startMs: 0, endMs: length };
    const ranges = allowed(cut, place);
    if (ranges.length) {
      const insertMs = nearest(ranges, wantedMs);
      if (line.soundMs < limits.min_speech_ms) reason = "padded";
      return { line: { ...cut, insertMs }, reason };
    }
    if (length <= limits.min_speech_ms) return null;
    length = Math.max(limits.min_speech_ms, longestThatFits(place, length));
    reason = "cut_to_fit";
  }
}

/** Move a line to a wanted time, or as near as it may go. */
export function move(line, wantedMs, place, stickyMs = STICKY_MS) {
  const ranges = allowed(line, place);
  if (!ranges.length) return { line, reason: "no_room" };
  const length = lengthOf(line, place.limits);
  const edges = [place.face.start_time, place.face.end_time - length, ...(place.marks ?? [])];
  for (const other of place.others) {
    edges.push(endOf(other, place.limits), other.insertMs - length);
  }
  const edge = edges.find(
    (at) => Math.abs(at - wantedMs) <= stickyMs && nearest(ranges, at) === at,
  );
  const insertMs = Math.round(edge ?? nearest(ranges, wantedMs));
  const reason =
    edge === undefined && insertMs !== Math.round(wantedMs) ? whyNot(line, wantedMs, place) : null;
  return { line: { ...line, insertMs }, reason };
}

/** Move a line's beginning; its end stays where it is on both clocks. */
export function trimStart(line, wantedMs, place) {
  const { limits, face } = place;
  const end = endOf(line, limits);
  const before = place.others.filter((other) => other.insertMs < line.insertMs);
  const lows = [
    [line.insertMs - line.startMs, "past_sound_start"],
    [0, "past_start"],
    [end - limits.max_speech_ms, "crop_too_long"],
  ];
  for (const other of before) lows.push([endOf(other, limits), "lines_overlap"]);
  const highs = [
    [end - limits.min_speech_ms, "crop_too_short"],
    [Math.min(end, face.end_time) - limits.min_overlap_ms, "too_little_overlap"],
  ];
  const { at, reason } = clamp(wantedMs, lows, highs);
  if (at === null) return { line, reason };
  return { line: { ...line, startMs: line.startMs + at - line.insertMs, insertMs: at }, reason };
}

/** Move a line's end on the video's clock; its beginning stays. */
export function trimEnd(line, wantedMs, place) {
  const { limits, face, videoMs } = place;
  const highs = [
    [line.insertMs + line.soundMs - line.startMs, "past_sound_end"],
    [videoMs, "past_video_end"],
    [line.insertMs + limits.max_speech_ms, "crop_too_long"],
  ];
  for (const other of place.others) {
    if (other.insertMs > line.insertMs) highs.push([other.insertMs, "lines_overlap"]);
  }
  const lows = [
    [line.insertMs + limits.min_speech_ms, "crop_too_short"],
    [Math.max(line.insertMs, face.start_time) + limits.min_overlap_ms, "too_little_overlap"],
  ];
  const { at, reason } = clamp(wantedMs, lows, highs);
  if (at === null) return { line, reason };
  return { line: { ...line, endMs: line.startMs + at - line.insertMs }, reason };
}

function clamp(wanted, lows, highs) {
  const low = lows.reduce((a, b) => (b[0] > a[0] ? b : a));
  const high = highs.reduce((a, b) => (b[0] < a[0] ? b : a));
  // A sound too short for the least length has no room to be trimmed.
  if (low[0] > high[0]) return { at: null, reason: high[1] };
  if (wanted < low[0]) return { at: Math.round(low[0]), reason: low[1] };
  if (wanted > high[0]) return { at: Math.round(high[0]), reason: high[1] };
  return { at: Math.round(wanted), reason: null };
}

/** Where a line of this length may begin: [from, to] pairs in order, both included. */
function allowed(line, { face, videoMs, others, limits }) {
  const length = lengthOf(line, limits);
  const from = Math.max(0, face.start_time + limits.min_overlap_ms - length);
  const to = Math.min(videoMs - length, face.end_time - limits.min_overlap_ms);
  let ranges = from <= to ? [[from, to]] : [];
  for (const other of others) {
    const [lost, found] = [other.insertMs - length, endOf(other, limits)];
    ranges = ranges.flatMap(([a, b]) => [
      [a, Math.min(b, lost)],
      [Math.max(a, found), b],
    ]);
    ranges = ranges.filter(([a, b]) => a <= b);
  }
  return ranges;
}

function nearest(ranges, wanted) {
  const points = ranges.map(([a, b]) => Math.min(b, Math.max(a, wanted)));
  return points.reduce((best, at) => (Math.abs(at - wanted) < Math.abs(best - wanted) ? at : best));
}

function longestThatFits(place, below) {
  // Gaps between the lines that are there, within the video.
  const busy = place.others
    .map((other) => [other.insertMs, endOf(other, place.limits)])
    .sort((a, b) => a[0] - b[0]);
  let [at, best] = [0, 0];
  for (const [from, to] of [...busy, [place.videoMs, place.videoMs]]) {
    const inside = Math.min(from, place.face.end_time) - Math.max(at, place.face.start_time);
    if (inside >= place.limits.min_overlap_ms) best = Math.max(best, from - at);
    at = Math.max(at, to);
  }
  return Math.min(best, below - 1);
}

function whyNot(line, wantedMs, { face, videoMs, others, limits }) {
  const length = lengthOf(line, limits);
  if (wantedMs < 0) return "past_start";
  if (wantedMs + length > videoMs) return "past_video_end";
  const overlap = Math.min(wantedMs + length, face.end_time) - Math.max(wantedMs, face.start_time);
  if (overlap < limits.min_overlap_ms) return "too_little_overlap";
  const meets = (other) => wantedMs < endOf(other, limits) && other.insertMs < wantedMs + length;
  return others.some(meets) ? "lines_overlap" : null;
}
