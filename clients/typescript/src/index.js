// Client for lip-sync services over HTTP: lipwright's own, Kling, and resellers of Kling. Plain
// modules of the web platform: they run in a browser, in Node 20 and newer, in Deno and in Bun.

export { Client } from "./client.js";
export { verifyCallback } from "./callbacks.js";
export { ApiError, ConnectionFailedError, NotOfferedError, TaskFailedError } from "./errors.js";

/** @typedef {import("./client.js").ClientOptions} ClientOptions */
/** @typedef {import("./client.js").CreateOptions} CreateOptions */
/** @typedef {import("./waiting.js").TaskProgress} TaskProgress */
/** @typedef {import("./waiting.js").WaitOptions} WaitOptions */
/** @typedef {import("./api.js").CreatedTask} CreatedTask */
/** @typedef {import("./api.js").Face} Face */
/** @typedef {import("./api.js").FaceChoice} FaceChoice */
/** @typedef {import("./api.js").IdentifiedFaces} IdentifiedFaces */
/** @typedef {import("./api.js").OwnTask} OwnTask */
/** @typedef {import("./api.js").TaskState} TaskState */
/** @typedef {import("./api.js").UploadedFile} UploadedFile */
