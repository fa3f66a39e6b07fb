// Who is asking: a plain key, or tokens signed with a pair of keys as Kling wants them.

const TOKEN_S = 1800;
const EARLY_S = 5;
const RENEW_S = 120;

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * HMAC with SHA-256.
 *
 * @param {Uint8Array<ArrayBuffer>} secret
 * @param {Uint8Array<ArrayBuffer>} text
 */
export async function hmac(secret, text) {
  const how = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, how, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
}

/** Signs JSON web tokens (HS256), each used until shortly before its end. */
export class TokenSigner {
  #accessKey;
  #secret;
  #token = "";
  #madeS = 0;
  #endS = 0;

  /**
   * @param {string} accessKey
   * @param {string} secretKey never put one into a web page: whoever sees it can spend your money
   */
  constructor(accessKey, secretKey) {
    this.#accessKey = accessKey;
    this.#secret = new TextEncoder().encode(secretKey);
  }

  /** A token that is valid for two minutes at least. */
  async token() {
    const now = Math.floor(Date.now() / 1000);
    if (now < this.#madeS || now >= this.#endS - RENEW_S) {
      const claims = { iss: this.#accessKey, exp: now + TOKEN_S, nbf: now - EARLY_S };
      const text = [{ alg: "HS256", typ: "JWT" }, claims].map(encoded).join(".");
      const signature = await hmac(this.#secret, new TextEncoder().encode(text));
      this.#token = `${text}.${urlSafe(toBase64(signature))}`;
      this.#madeS = now;
      this.#endS = now + TOKEN_S;
    }
    return this.#token;
  }
}

/** @param {object} part */
function encoded(part) {
  return urlSafe(toBase64(new TextEncoder().encode(JSON.stringify(part))));
}

/** @param {string} base64 */
function urlSafe(base64) {
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
