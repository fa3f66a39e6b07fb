// Verify callbacks that are given as JSON: [{headers, body, secret, nowS}, …]; prints what came of
// each.

import { verifyCallback } from "../src/index.js";

const said = [];
for (const { headers, body, secret, nowS } of JSON.parse(process.argv[2] ?? "[]")) {
  const read = verifyCallback(headers, body, secret, { nowS });
  said.push(await read.then(({ id, task }) => [id, task], (error) => error.message));
}
console.log(JSON.stringify(said));
