// The operations of a lip-sync service.

import { NotOfferedError } from "./errors.js";
import { errorOf, parsed, send } from "./sending.js";
import { TokenSigner } from "./tokens.js";
import { waitFor } from "./waiting.js";

const GATEWAYS = /(\/proxy\/kling|\/klingai|\/kling)$/;
const KNOWN_HOSTS = /(^|\.)(klingai\.com|302\.ai|302\.ai\.cn)$/;

/**
 * @typedef {object} ClientOptions
 * @property {string} [key] API key; leave it out for a service that wants none
 * @property {string} [accessKey] in place of a key, with secretKey: signs Kling's tokens
 * @property {string} [secretKey]
 * @property {"auto" | "lipwright" | "kling"} [service] `auto` asks the service once
 * @property {number} [attempts] how often a request is sent, where that is safe; 4 by default
 * @property {typeof globalThis.fetch} [fetch] in place of the platform's own
 */

/**
 * @typedef {object} Sent
 * @property {AbortSignal} [signal]
 * @property {string} [idempotencyKey] yours, to send the same again after a crash; lipwright only
 */

/**
 * @typedef {Omit<import("./api.js").AdvancedLipSyncRequest, "session_id" | "face_choose"> & Sent
 * } CreateOptions
 */

/** A lip-sync service: lipwright's own, Kling, or a reseller of it. */
export class Client {
  #api;
  #root;
  #key;
  #signer;
  #service;
  #sending;

  /**
   * @param {string | URL} baseUrl such as `http://127.0.0.1:8000` or `https://api.302.ai/klingai`
   * @param {ClientOptions} [options]
   */
  constructor(baseUrl, options = {}) {
    const url = new URL(baseUrl);
    if (!/^https?:$/.test(url.protocol)) throw new TypeError("the base URL must be http or https");
    const path = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
    const { key = "", accessKey = "", secretKey = "", service = "auto", attempts = 4 } = options;
    if ((accessKey === "") !== (secretKey === "") || (key !== "" && accessKey !== "")) {
      throw new TypeError("give either key, or accessKey and secretKey");
    }
    this.#api = url.origin + path;
    this.#root = url.origin + path.replace(GATEWAYS, "");
    this.#key = key;
    this.#signer = accessKey === "" ? undefined : new TokenSigner(accessKey, secretKey);
    this.#service = service === "auto" && KNOWN_HOSTS.test(url.hostname) ? "kling" : service;
    const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#sending = { fetch, attempts };
  }

  /**
   * Send a video or a sound, at most 100 MB; lipwright only.
   *
   * @param {Blob} file
   * @param {string} [name]
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<import("./api.js").UploadedFile>}
   */
  async upload(file, name = "", { signal } = {}) {
    await this.#needLipwright("takes no files, only URLs");
    const own = name || ("name" in file && typeof file.name === "string" ? file.name : "file");
    const url = `${this.#root}/v1/files?file_name=${encodeURIComponent(own)}`;
    const type = file.type || "application/octet-stream";
    const headers = { ...(await this.#headers()), "Content-Type": type };
    return send(this.#sending, url, request("POST", headers, file, signal), false);
  }

  /**
   * Find the faces of a video that can be lip-synced, and when.
   *
   * @param {string | URL | Blob} video URL, or a file, which is uploaded where that is offered
   * @param {Sent} [options]
   * @returns {Promise<import("./api.js").IdentifiedFaces>}
   */
  async identify(video, options = {}) {
    const url = video instanceof Blob ? (await this.upload(video, "", options)).url : String(video);
    return this.#post("identify-face", { video_url: url }, options);
  }

  /**
   * Create a task that makes faces say lines.
   *
   * @param {import("./api.js").IdentifiedFaces | string} session from identify, or its id
   * @param {import("./api.js").FaceChoice[]} lines which face says what, when
   * @param {CreateOptions} [options]
   * @returns {Promise<import("./api.js").CreatedTask>}
   */
  async create(session, lines, options = {}) {
    const { signal, idempotencyKey, ...extras } = options;
    const id = typeof session === "string" ? session : session.session_id;
    /** @type {import("./api.js").AdvancedLipSyncRequest} */
    const body = { session_id: id, face_choose: lines, ...extras };
    /** @type {Sent} */
    const sent = {};
    if (signal !== undefined) sent.signal = signal;
    if (idempotencyKey !== undefined) sent.idempotencyKey = idempotencyKey;
    return this.#post("advanced-lip-sync", body, sent);
  }

  /**
   * Look a task up, by its id or by its external id.
   *
   * @param {string} id
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<import("./api.js").TaskState>}
   */
  async query(id, { signal } = {}) {
    return this.#get(`advanced-lip-sync/${segment(id)}`, signal);
  }

  /**
   * Look at the account's tasks, newest first.
   *
   * @param {{page?: number, pageSize?: number, signal?: AbortSignal}} [options]
   * @returns {Promise<import("./api.js").TaskState[]>}
   */
  async list({ page = 1, pageSize = 30, signal } = {}) {
    return this.#get(`advanced-lip-sync?pageNum=${page}&pageSize=${pageSize}`, signal);
  }

  /**
   * Wait until a task has succeeded, and return it with its video.
   *
   * @param {string | {task_id: string}} task
   * @param {import("./waiting.js").WaitOptions} [options]
   * @returns {Promise<import("./api.js").TaskState>}
   */
  async wait(task, options = {}) {
    const id = typeof task === "string" ? task : task.task_id;
    const { signal } = options;
    const query = () => this.query(id, signal === undefined ? {} : { signal });
    /** @param {string} lastId */
    const open = async (lastId) => {
      /** @type {Record<string, string>} */
      const headers = { ...(await this.#headers()), Accept: "text/event-stream" };
      if (lastId !== "") headers["Last-Event-ID"] = lastId;
      const url = `${this.#root}/v1/lipwright/tasks/${segment(id)}/events`;
      return this.#sending.fetch(url, request("GET", headers, undefined, signal));
    };
    return waitFor({ query, open: (await this.#isLipwright()) ? open : undefined }, options);
  }

  /**
   * End a task that waits or is worked on; its price is given back. lipwright only.
   *
   * @param {string} id
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<import("./api.js").OwnTask>}
   */
  async cancel(id, { signal } = {}) {
    await this.#needLipwright("cannot cancel tasks");
    const url = `${this.#root}/v1/lipwright/tasks/${segment(id)}/cancel`;
    const headers = await this.#headers();
    return send(this.#sending, url, request("POST", headers, undefined, signal), true);
  }

  /**
   * Fetch a task's video. No key is sent: the links need none, and may lead anywhere.
   *
   * @param {import("./api.js").TaskState} task
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<Blob>}
   */
  async download(task, { signal } = {}) {
    const url = task.task_result.videos[0]?.url;
    if (!url) throw new TypeError(`task ${task.task_id} has no video`);
    const response = await this.#sending.fetch(url, request("GET", {}, undefined, signal));
    if (response.ok) return response.blob();
    const text = await response.text();
    throw errorOf(response, parsed(text), text);
  }

  /** @returns {Promise<Record<string, string>>} */
  async #headers() {
    const token = this.#signer === undefined ? this.#key : await this.#signer.token();
    return token === "" ? {} : { Authorization: `Bearer ${token}` };
  }

  async #isLipwright() {
    if (this.#service === "auto") {
      // Without the key: what is at this path of another service is not known.
      const response = await this.#sending.fetch(`${this.#root}/healthz`);
      const body = parsed(await response.text());
      const ours = body?.data?.workers !== undefined || body?.reason === "unavailable";
      this.#service = ours ? "lipwright" : "kling";
    }
    return this.#service === "lipwright";
  }

  /** @param {string} lack */
  async #needLipwright(lack) {
    if (await this.#isLipwright()) return;
    throw new NotOfferedError(`this service ${lack}; lipwright's own server does`);
  }

  /**
   * @param {string} path
   * @param {AbortSignal} [signal]
   */
  async #get(path, signal) {
    const headers = await this.#headers();
    const url = `${this.#api}/v1/videos/${path}`;
    return send(this.#sending, url, request("GET", headers, undefined, signal), true);
  }

  /**
   * @param {string} operation
   * @param {object} body
   * @param {Sent} sent
   */
  async #post(operation, body, { signal, idempotencyKey }) {
    const lipwright = await this.#isLipwright();
    /** @type {Record<string, string>} */
    const headers = { ...(await this.#headers()), "Content-Type": "application/json" };
    if (lipwright) {
      headers["Idempotency-Key"] = idempotencyKey ?? crypto.randomUUID();
    } else if (idempotencyKey !== undefined) {
      throw new NotOfferedError("this service knows no idempotency keys");
    }
    const url = `${this.#api}/v1/videos/${operation}`;
    const sent = request("POST", headers, JSON.stringify(body), signal);
    return send(this.#sending, url, sent, lipwright);
  }
}

/**
 * @param {string} method
 * @param {Record<string, string>} headers
 * @param {string | Blob} [body]
 * @param {AbortSignal} [signal]
 * @returns {RequestInit}
 */
function request(method, headers, body, signal) {
  /** @type {RequestInit} */
  const made = { method, headers };
  if (body !== undefined) made.body = body;
  if (signal !== undefined) made.signal = signal;
  return made;
}

/** @param {string} id */
function segment(id) {
  if (id === "" || id === "." || id === "..") throw new TypeError("a task's id must not be empty");
  return encodeURIComponent(id);
}
