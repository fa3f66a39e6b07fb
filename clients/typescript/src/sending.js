// Send a request, again where that is safe: what only looks, what carries an idempotency key that
// the service heeds, and what was refused for coming too soon. A browser does not tell whether a
// request that failed had left, so a failed one is only repeated if doing it twice is like once.

import { ApiError, ConnectionFailedError } from "./errors.js";

const FIRST_MS = 500;
const MOST_MS = 20_000;
const PATIENCE_MS = 60_000;
const PASSING = [500, 502, 503, 504];
const FINAL = [1100, 1101, 1102, 1103, 1304];

/**
 * @typedef {object} Sending
 * @property {typeof globalThis.fetch} fetch
 * @property {number} attempts in all
 */

/**
 * Send a request and return what it answers, which is a success.
 *
 * @param {Sending} sending
 * @param {string} url
 * @param {RequestInit} request
 * @param {boolean} repeatable whether doing it twice is like doing it once
 * @returns {Promise<any>} the data in the answer's envelope
 */
export async function send(sending, url, request, repeatable) {
  for (let attempt = 1; ; attempt++) {
    /** @type {Response} */
    let response;
    let text = "";
    try {
      response = await sending.fetch(url, { ...request, redirect: "manual" });
      text = await response.text();
    } catch (cause) {
      request.signal?.throwIfAborted();
      if (!repeatable || attempt >= sending.attempts) throw new ConnectionFailedError(cause);
      await pause(pauseMs(attempt), request.signal);
      continue;
    }
    const body = parsed(text);
    if (response.ok && body?.code === 0) return body.data;
    const error = errorOf(response, body, text);
    const busy =
      (error.status === 429 || error.code === 1302 || error.code === 1303) &&
      !FINAL.includes(error.code);
    const passing = repeatable && PASSING.includes(error.status);
    const waitMs = Math.max(pauseMs(attempt), error.retryAfterMs ?? 0);
    if (!(busy || passing) || attempt >= sending.attempts || waitMs > PATIENCE_MS) throw error;
    await pause(waitMs, request.signal);
  }
}

/**
 * @param {Response} response
 * @param {any} body
 * @param {string} text
 */
export function errorOf(response, body, text) {
  const code = typeof body?.code === "number" ? body.code : Number(body?.error?.err_code) || 0;
  const message = body?.message ?? body?.error?.message ?? text.slice(0, 200).trim();
  const after = response.headers.get("retry-after")?.trim() ?? "";
  const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
  return new ApiError(String(message || "the answer is empty"), {
    status: response.status,
    code,
    requestId: String(body?.request_id ?? response.headers.get("x-request-id") ?? ""),
    reason: String(body?.reason ?? ""),
    field: String(body?.field ?? ""),
    retryAfterMs: Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined,
  });
}

/** @param {string} text */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** @param {number} attempt */
function pauseMs(attempt) {
  return Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}
