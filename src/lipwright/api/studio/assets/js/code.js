// The same job as a script: what the visitor has just done by hand.

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Return a shell script that does what a project says, with curl and jq. */
export function curlOf(project, base, withKey) {
  const auth = withKey ? ` -H "Authorization: Bearer $LIPWRIGHT_KEY"` : "";
  const sounds = project.lines.map((line) => line.sound.name);
  const body = JSON.stringify(project.body(sounds.map((_, i) => `@SOUND${i}@`)), null, 2)
    .replace('"session_id": ""', '"session_id": "@SESSION@"')
    .replace(/"session_id": "[^@"]*"/, '"session_id": "@SESSION@"')
    .replaceAll("'", "'\\''")
    .replace("@SESSION@", `'"$SESSION"'`)
    .replace(/@SOUND(\d+)@/g, (_, i) => `'"$SOUND${i}"'`);
  const video = project.source.url
    ? `VIDEO=${quote(project.source.url)}`
    : `VIDEO=$(curl -sf${auth} -F file=@${quote(project.name)} $BASE/v1/files | jq -r .data.url)`;
  return [
    `BASE=${base}`,
    withKey ? "LIPWRIGHT_KEY=…" : null,
    video,
    `SESSION=$(curl -sf${auth} $BASE/v1/videos/identify-face --json '{"video_url": "'"$VIDEO"'"}' | jq -r .data.session_id)`,
    ...sounds.map(
      (name, i) =>
        `SOUND${i}=$(curl -sf${auth} -F file=@${quote(name)} $BASE/v1/files | jq -r .data.url)`,
    ),
    `TASK=$(curl -sf${auth} $BASE/v1/videos/advanced-lip-sync --json '${body}' | jq -r .data.task_id)`,
    `while sleep 1; do`,
    `  STATE=$(curl -sf${auth} $BASE/v1/videos/advanced-lip-sync/$TASK)`,
    `  case $(echo "$STATE" | jq -r .data.task_status) in succeed|failed) break;; esac`,
    `done`,
    `curl -sfo result.mp4 "$(echo "$STATE" | jq -r '.data.task_result.videos[0].url')"`,
    "",
  ]
    .filter((line) => line !== null)
    .join("\n");
}

/** Return a Python script that does what a project says, with httpx. */
export function pythonOf(project, base, withKey) {
  const body = JSON.stringify(
    project.body(project.lines.map((line) => `@${line.sound.name}@`)),
    null,
    4,
  )
    .replace(/"session_id": "[^"]*"/, '"session_id": found["session_id"]')
    .replace(/"sound_file": "@((?:[^"\\]|\\.)*)@"/g, '"sound_file": send("$1")');
  const video = project.source.url
    ? JSON.stringify(project.source.url)
    : `send(${JSON.stringify(project.name)})`;
  const headers = withKey
    ? ', headers={"Authorization": f"Bearer {os.environ[\'LIPWRIGHT_KEY\']}"}'
    : "";
  return [
    withKey ? "import os" : null,
    "import time",
    "from pathlib import Path",
    "",
    "import httpx",
    "",
    `client = httpx.Client(base_url=${JSON.stringify(base)}${headers}, timeout=120)`,
    "",
    "",
    "def data(answer):",
    "    answer.raise_for_status()",
    '    return answer.json()["data"]',
    "",
    "",
    "def send(name):",
    '    with open(name, "rb") as file:',
    '        return data(client.post("/v1/files", files={"file": (name, file)}))["url"]',
    "",
    "",
    `video = {"video_url": ${video}}`,
    'found = data(client.post("/v1/videos/identify-face", json=video))',
    `body = ${body}`,
    'task = data(client.post("/v1/videos/advanced-lip-sync", json=body))',
    'while task["task_status"] not in ("succeed", "failed"):',
    "    time.sleep(1)",
    `    task = data(client.get(f"/v1/videos/advanced-lip-sync/{task['task_id']}"))`,
    'if task["task_status"] == "failed":',
    '    raise SystemExit(task["task_status_msg"])',
    'url = task["task_result"]["videos"][0]["url"]',
    'Path("result.mp4").write_bytes(client.get(url).content)',
    "",
  ]
    .filter((line) => line !== null)
    .join("\n");
}
