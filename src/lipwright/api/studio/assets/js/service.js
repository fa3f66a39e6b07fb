// What the studio asks of the service: the same calls that every other client makes.

import { call } from "./http.js";

const VIDEOS = "/v1/videos";
const OWN = "/v1/lipwright";

let known = null;

/** Return what the server allows and asks for; asked once. */
export async function about() {
  known ??= call("GET", `${OWN}/about`).catch((error) => {
    known = null;
    throw error;
  });
  return known;
}

/** Find the faces of a video: `{video_url}` or `{video_id}`. */
export function identify(video, signal) {
  return call("POST", `${VIDEOS}/identify-face`, { body: video, signal });
}

/** Return a session with the places of its faces. */
export function session(id) {
  return call("GET", `${OWN}/sessions/${encodeURIComponent(id)}`);
}

/** Have it rendered; `once` makes sending it again harmless. */
export function create(body, once) {
  return call("POST", `${VIDEOS}/advanced-lip-sync`, {
    body,
    headers: { "Idempotency-Key": once },
  });
}

/** Return a page of tasks, newest first. */
export function tasks(page, size) {
  return call("GET", `${OWN}/tasks?pageNum=${page}&pageSize=${size}`);
}

/** Return a task. */
export function task(id) {
  return call("GET", `${OWN}/tasks/${encodeURIComponent(id)}`);
}

/** End a task. */
export function cancel(id) {
  return call("POST", `${OWN}/tasks/${encodeURIComponent(id)}/cancel`);
}
