// A client's whole way against a running service; the test that starts it reads what this prints.
//
//   node journey.mjs '{"url": …, "key": …, "accessKey": …, "secretKey": …, "video": path, "hold": path}'
//
// As long as the file `hold` is there, tasks of 3000 ms do not end.

import { rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ApiError, Client, NotOfferedError, TaskFailedError } from "../src/index.js";

const { url, key, accessKey, secretKey, video, hold } = JSON.parse(process.argv[2] ?? "{}");
const client = new Client(url, { key });
const said = {};

const file = new File([await readFile(video)], "me.mp4", { type: "video/mp4" });
const kept = await client.upload(file);
said.upload = { name: kept.file_name, size: kept.size };
const session = await client.identify(file);
said.faces = session.face_data.map((face) => face.face_id);

/** @param {number} ms */
const line = (ms) => ({
  face_id: "0",
  sound_file: btoa(String(ms)),
  sound_start_time: 0,
  sound_end_time: ms,
  sound_insert_time: 500,
});

const seen = [];
writeFileSync(hold, "");
const task = await client.create(session, [line(3000)], { external_task_id: "from-node" });
const done = await client.wait(task, {
  onProgress: (progress) => {
    seen.push(progress);
    if (progress.progress > 0 && progress.progress < 100) rmSync(hold, { force: true });
  },
});
said.statuses = [...new Set(seen.map((one) => one.status))];
said.watched = seen.some((one) => one.progress > 0 && one.progress < 100);
said.result = await (await client.download(done)).text();
said.sameByExternalId = (await client.query("from-node")).task_id === done.task_id;

const idempotencyKey = crypto.randomUUID();
const first = await client.create(session, [line(2500)], { idempotencyKey });
const second = await client.create(session, [line(2500)], { idempotencyKey });
said.once = first.task_id === second.task_id;
said.newest = (await client.list({ pageSize: 1 }))[0]?.task_id === first.task_id;

writeFileSync(hold, "");
const long = await client.create(session, [line(3000)]);
setTimeout(() => client.cancel(long.task_id), 300);
said.cancelled = await client.wait(long).catch((error) =>
  error instanceof TaskFailedError ? error.message.replace(long.task_id, "N") : String(error),
);

const slow = await client.create(session, [line(3000)]);
said.timedOut = await client
  .wait(slow, { signal: AbortSignal.timeout(500) })
  .catch((error) => error.name);
said.timedOutBefore = (await client.query(slow.task_id)).task_status;
await client.cancel(slow.task_id);

said.refused = await client.create("nothing", [line(2500)]).catch((error) =>
  error instanceof ApiError
    ? [error.status, error.code, error.reason, error.field, error.requestId.length]
    : String(error),
);

const paired = new Client(`${url}/klingai/v1`, { accessKey, secretKey });
said.paired = (await paired.list()).length > 0;
said.wrongKey = await new Client(url, { key: "lw_wrong" }).list().catch((error) => error.code);
said.notOffered = await new Client(url, { key, service: "kling" })
  .cancel("1")
  .catch((error) => error instanceof NotOfferedError);

console.log(JSON.stringify(said));
