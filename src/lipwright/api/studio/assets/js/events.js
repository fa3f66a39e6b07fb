// A task's server-sent events. EventSource cannot send a key, so the stream is read by hand.

import { ApiError, open } from "./http.js";

const AGAIN_MS = 2000;
const ENDED = ["succeeded", "failed", "cancelled"];

/** Whether nothing about a task will change any more. */
export function hasEnded(task) {
  return ENDED.includes(task.status);
}

/** Yield a task whenever it changes, until it has ended; a broken stream is taken up again. */
export async function* watch(id, signal) {
  let last = "";
  for (;;) {
    try {
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await open("GET", `/v1/lipwright/tasks/${id}/events`, { headers, signal });
      if (answer.status === 204) return;
      for await (const event of read(answer.body)) {
        last = event.id;
        const task = JSON.parse(event.data);
        yield task;
        if (hasEnded(task)) return;
      }
    } catch (error) {
      const passing =
        error instanceof TypeError || error.reason === "offline" || error.reason === "busy";
      if (signal?.aborted || (error instanceof ApiError && !passing)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    if (signal?.aborted) return;
  }
}

async function* read(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    waiting += value;
    for (let end = waiting.indexOf("\n\n"); end >= 0; end = waiting.indexOf("\n\n")) {
      const fields = {};
      for (const line of waiting.slice(0, end).split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
      }
      waiting = waiting.slice(end + 2);
      if (fields.data) yield fields;
    }
  }
}
