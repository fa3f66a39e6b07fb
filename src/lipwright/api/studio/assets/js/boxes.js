// Where a face is between the instants at which it was seen.

/** Return `{x, y, width, height}` in fractions of the picture, or null outside the face's interval. */
export function boxAt(face, ms) {
  const { boxes } = face;
  if (!boxes.length || ms < face.start_time || ms > face.end_time) return null;
  let after = boxes.findIndex((box) => box.time >= ms);
  if (after < 0) after = boxes.length - 1;
  const b = boxes[after];
  const a = boxes[Math.max(0, after - 1)];
  const span = b.time - a.time;
  const share = span > 0 ? Math.min(1, Math.max(0, (ms - a.time) / span)) : 0;
  const between = (name) => a[name] + (b[name] - a[name]) * share;
  return { x: between("x"), y: between("y"), width: between("width"), height: between("height") };
}

/** Return the box of the nearest instant at which the face was seen. */
export function nearestBox(face, ms) {
  return boxAt(face, Math.min(face.end_time, Math.max(face.start_time, ms)));
}
