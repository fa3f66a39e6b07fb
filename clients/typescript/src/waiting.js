// Wait for a task to end: by its events where the service sends them, else by asking.

import { ApiError, ConnectionFailedError, TaskFailedError } from "./errors.js";
import { pause } from "./sending.js";

const FIRST_POLL_MS = 1000;
const MOST_POLL_MS = 10_000;
const GIVE_UP_MS = 120_000;
const SILENCE_MS = 45_000; // something comes every 15 s, or the stream is dead

/**
 * How far a task is; what a service does not say is undefined.
 *
 * @typedef {object} TaskProgress
 * @property {"submitted" | "processing" | "succeeded" | "failed" | "cancelled"} status
 * @property {number} progress 0 to 100
 * @property {string} stage
 * @property {number | null | undefined} queuePosition
 * @property {number | null | undefined} etaSeconds
 */

/**
 * @typedef {object} WaitOptions
 * @property {(progress: TaskProgress) => void} [onProgress] told whenever something has changed
 * @property {AbortSignal} [signal] ends the wait, for example `AbortSignal.timeout(600_000)`
 */

/**
 * @typedef {object} Watched
 * @property {() => Promise<import("./api.js").TaskState>} query
 * @property {((lastId: string) => Promise<Response>) | undefined} open the event stream, if any
 */

/**
 * Wait until a task has succeeded.
 *
 * @param {Watched} watched
 * @param {WaitOptions} options
 * @returns {Promise<import("./api.js").TaskState>}
 */
export async function waitFor(watched, { onProgress, signal }) {
  let shown = "";
  /** @param {import("./api.js").TaskState | import("./api.js").OwnTask} task */
  const tell = (task) => {
    const progress = progressOf(task);
    const now = JSON.stringify(progress);
    if (now !== shown) onProgress?.(progress);
    shown = now;
  };
  let open = watched.open;
  let lastId = "";
  let pollMs = FIRST_POLL_MS;
  let heardAt = Date.now();
  for (;;) {
    signal?.throwIfAborted();
    if (open !== undefined) {
      try {
        const response = await open(lastId);
        if (response.status === 404 || response.status === 429) open = undefined;
        if (response.status === 200 && response.body !== null) {
          for await (const event of events(response.body)) {
            lastId = event.id;
            heardAt = Date.now();
            tell(JSON.parse(event.data));
          }
        } else {
          await response.body?.cancel();
        }
      } catch {
        signal?.throwIfAborted(); // all else is a broken stream, and the next question tells
      }
    }
    try {
      const task = await watched.query();
      heardAt = Date.now();
      tell(task);
      if (task.task_status === "succeed") return task;
      if (task.task_status === "failed") throw new TaskFailedError(task);
    } catch (error) {
      const away =
        error instanceof ConnectionFailedError || (error instanceof ApiError && error.status >= 500);
      if (!away || Date.now() - heardAt > GIVE_UP_MS) throw error;
    }
    await pause(pollMs, signal);
    pollMs = Math.min(MOST_POLL_MS, pollMs * 1.3);
  }
}

/**
 * @param {import("./api.js").TaskState | import("./api.js").OwnTask} task
 * @returns {TaskProgress}
 */
function progressOf(task) {
  const said = "task_status" in task ? task.task_status : task.status;
  const status = said === "succeed" ? "succeeded" : said;
  return {
    status,
    progress: status === "succeeded" ? 100 : (task.progress ?? 0),
    stage: task.stage ?? "",
    queuePosition: task.queue_position,
    etaSeconds: task.eta_seconds,
  };
}

/**
 * Read server-sent events as far as a task's stream uses them.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<{id: string, data: string}>}
 */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const timer = setTimeout(() => void reader.cancel().catch(() => {}), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        let id = "";
        const data = [];
        for (const line of block.split("\n")) {
          if (line.startsWith("id: ")) id = line.slice(4);
          if (line.startsWith("data: ")) data.push(line.slice(6));
        }
        if (data.length > 0) yield { id, data: data.join("\n") };
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
