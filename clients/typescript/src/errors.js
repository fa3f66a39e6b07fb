// What can go wrong between a program and a lip-sync service.

/** The service answered with an error. */
export class ApiError extends Error {
  /**
   * @param {string} message the service's own words
   * @param {object} about
   * @param {number} about.status of the HTTP answer; some gateways say 200
   * @param {number} about.code Kling's code, 0 where the answer had none
   * @param {string} about.requestId under which the service's log has it
   * @param {string} about.reason stable word for programs; only lipwright sends it
   * @param {string} about.field the field that is wrong; only lipwright sends it
   * @param {number | undefined} about.retryAfterMs how long the service asks to wait
   */
  constructor(message, { status, code, requestId, reason, field, retryAfterMs }) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.reason = reason;
    this.field = field;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer came; what was asked for may have happened all the same. */
export class ConnectionFailedError extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super(`no answer came: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "ConnectionFailedError";
  }
}

/** The service has no such operation; lipwright's own server has. */
export class NotOfferedError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "NotOfferedError";
  }
}

/** The task ended without a video. */
export class TaskFailedError extends Error {
  /** @param {import("./api.js").TaskState} task as it ended */
  constructor(task) {
    super(`task ${task.task_id} failed: ${task.task_status_msg || "no reason was given"}`);
    this.name = "TaskFailedError";
    this.task = task;
  }
}
