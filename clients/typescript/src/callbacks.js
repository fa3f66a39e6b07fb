// Check that a callback comes from the service: Standard Webhooks, HMAC-SHA256.

import { fromBase64, hmac, toBase64 } from "./tokens.js";

/**
 * Check a callback's signature and age, and read its task.
 *
 * @param {Headers | Record<string, string | string[] | undefined>} headers of the request, as a
 *   `Headers` object or as Node gives them
 * @param {string | Uint8Array} body the request's body as it came, before any parsing
 * @param {string} secret `whsec_` and Base64
 * @param {object} [options]
 * @param {number} [options.toleranceS] how old it may be; 300 s by default
 * @param {number} [options.nowS] Unix time; by default the clock's
 * @returns {Promise<{id: string, sentAtS: number, task: import("./api.js").TaskState}>} the same
 *   message may come twice, so remember its id
 * @throws {Error} it is not signed with the secret, or is too old
 */
export async function verifyCallback(headers, body, secret, options = {}) {
  const { toleranceS = 300, nowS = Date.now() / 1000 } = options;
  const id = header(headers, "webhook-id");
  const sent = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature").split(" ");
  if (!/^\d{1,15}$/.test(sent)) throw new Error("the callback's time is no number");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const head = new TextEncoder().encode(`${id}.${sent}.`);
  const text = new Uint8Array(head.length + bytes.length);
  text.set(head);
  text.set(bytes, head.length);
  const key = fromBase64(secret.trim().replace(/^whsec_/, ""));
  if (key.length === 0) throw new Error("the secret is empty");
  const expected = `v1,${toBase64(await hmac(key, text))}`;
  let good = false;
  for (const signature of signatures) good = same(signature, expected) || good;
  if (!good) throw new Error("the callback is not signed with this secret");
  const ageS = nowS - Number(sent);
  if (Math.abs(ageS) > toleranceS) throw new Error(`the callback was signed ${ageS} s ago`);
  return { id, sentAtS: Number(sent), task: JSON.parse(new TextDecoder().decode(bytes)) };
}

/**
 * @param {Headers | Record<string, string | string[] | undefined>} headers
 * @param {string} name
 */
function header(headers, name) {
  const value =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (typeof value !== "string") throw new Error(`the callback has no header ${name}`);
  return value;
}

/**
 * Compare in a time that tells nothing of where two texts differ.
 *
 * @param {string} one
 * @param {string} other
 */
function same(one, other) {
  let different = one.length ^ other.length;
  for (let at = 0; at < other.length; at++) different |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return different === 0;
}
