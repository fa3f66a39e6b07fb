// What is sent again and what is not, with a scripted `fetch`: an entry of a script is a status with
// a code, or null for a connection that breaks. Prints how often each was sent, and how it ended.

import { Client } from "../src/index.js";

const said = [];
for (const { service, operation, script } of JSON.parse(process.argv[2] ?? "[]")) {
  let sent = 0;
  const keys = new Set();
  /** @type {typeof fetch} */
  const fetch = async (_url, request) => {
    const entry = script[Math.min(sent++, script.length - 1)];
    keys.add(new Headers(request?.headers).get("idempotency-key"));
    if (entry === null) throw new TypeError("fetch failed");
    const [status, code] = entry;
    const data = { task_id: "1", task_status: "submitted" };
    return new Response(JSON.stringify({ code, message: "m", data }), { status });
  };
  const client = new Client("http://service.test", { service, fetch, attempts: 3 });
  const work = operation === "create" ? client.create("s", []) : client.query("1");
  const end = await work.then(() => "done", (error) => error.name);
  said.push([sent, keys.size, end]);
}
console.log(JSON.stringify(said));
