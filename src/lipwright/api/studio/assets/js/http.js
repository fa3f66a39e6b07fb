// Calls to the service, with the visitor's key where one is wanted.

const STORE = "lipwright-key";

let askForKey = async () => false;
let asking = null;

/** A call that the service refused, or that never reached it (reason `offline`). */
export class ApiError extends Error {
  constructor(status, body) {
    super(body.message ?? "");
    this.status = status;
    this.reason = body.reason ?? "internal";
    this.field = body.field ?? "";
    this.requestId = body.request_id ?? "";
  }
}

/** The key lives as long as the tab, and is only ever sent as a header. */
export const key = {
  get: () => sessionStorage.getItem(STORE) ?? "",
  set: (value) => sessionStorage.setItem(STORE, value),
  forget: () => sessionStorage.removeItem(STORE),
};

/** Say who asks the visitor for a key: called with the refusal, resolves to whether there is one. */
export function onKeyWanted(ask) {
  askForKey = ask;
}

/** Return the headers that say who calls. */
export function credentials() {
  return key.get() ? { Authorization: `Bearer ${key.get()}` } : {};
}

/** Return the data of a JSON call; asks for a key if the service does. */
export async function call(method, path, { body, headers = {}, signal } = {}) {
  const answer = await open(method, path, {
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
  });
  return (await answer.json()).data;
}

/** Return the answer of a call once it is a success; asks for a key if the service does. */
export async function open(method, path, { body, headers, signal } = {}) {
  for (;;) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        body,
        signal,
        headers: { ...credentials(), ...headers },
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, { reason: "offline" });
    }
    if (answer.ok) return answer;
    const refusal = new ApiError(answer.status, await answer.json().catch(() => ({})));
    if (!(await mayTryAgain(refusal))) throw refusal;
  }
}

/** Whether a refusal was for want of a key, and the visitor has given one since. */
export async function mayTryAgain(refusal) {
  if (refusal.status !== 401) return false;
  // However many calls are refused at once, the visitor is asked once.
  asking ??= askForKey(refusal).finally(() => (asking = null));
  return asking;
}

/** Return a link to one of the service's files as a path, whatever name it is reached under. */
export function ownPath(url) {
  const { pathname } = new URL(url, location.href);
  return pathname;
}
