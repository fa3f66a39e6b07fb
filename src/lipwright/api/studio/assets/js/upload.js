// Send a file and tell how far it is, which fetch cannot.

import { ApiError, credentials, mayTryAgain } from "./http.js";

/** Send a file; `progress` gets a fraction. Returns the service's `{file_id, url, …}`. */
export async function upload(file, name, { progress = () => {}, signal } = {}) {
  for (;;) {
    try {
      return await send(file, name, progress, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || !(await mayTryAgain(error))) throw error;
    }
  }
}

function send(file, name, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/files?file_name=${encodeURIComponent(name)}`);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    for (const [header, value] of Object.entries(credentials()))
      request.setRequestHeader(header, value);
    request.upload.onprogress = (event) => progress(event.loaded / Math.max(1, event.total));
    request.onload = () => {
      if (request.status === 200) resolve(request.response.data);
      else reject(new ApiError(request.status, request.response ?? {}));
    };
    request.onerror = () => reject(new ApiError(0, { reason: "offline" }));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
