"""``python -m chaos.figures``: how much one API process answers while renders run.

``wrk`` (from Debian's packages) asks for the status of tasks as fast as it gets answers, from one
API process on PostgreSQL; then a thousand tasks are created in a burst, and counted.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from chaos.drain import until
from chaos.fleet import strays
from chaos.journal import Journal
from chaos.load import Load
from chaos.stage import Options, Stage

STATUS_TASKS = 200
_SCRIPT = """
local ids = {{ {ids} }}
local at = 0
wrk.headers["Authorization"] = "Bearer {key}"
request = function()
  at = at % #ids + 1
  return wrk.format("GET", "/v1/videos/advanced-lip-sync/" .. ids[at])
end
"""


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="chaos.figures", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--burst", type=int, default=1000)
    parser.add_argument("--renders", type=int, default=2, help="workers at work meanwhile")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        print("chaos.figures needs wrk: apt-get install wrk", file=sys.stderr)
        return 2
    journal = Journal()
    options = Options(apis=1, workers=arguments.renders, tenants=1)
    with ExitStack() as stack:
        stage = Stage(stack, options, journal, near_database=True)
        load = Load(
            stage.fleet.urls, stage.keys, stage.receiver, stage.clip, 1, random.Random(1), journal
        )
        try:
            for api in stage.fleet.apis:
                api.start()
            url = stage.fleet.urls[0]
            until(lambda: load.answers(url), 300.0, "the API did not start")
            burst = _burst(load, stage, arguments.burst)
            quiet = _ask(stage, url, arguments)
            for worker in stage.fleet.workers:
                worker.start()
            until(lambda: len(stage.tables.at_work()) >= arguments.renders, 300.0, "no renders")
            busy = _ask(stage, url, arguments)
            told = {
                "burst": burst,
                "status": quiet,
                f"status while {arguments.renders} renders run": busy,
            }
            print(json.dumps(told, indent=2))
        finally:
            stage.fleet.stop()
            for process in strays(stage.run):
                process.kill()
            load.close()
    return 0


def _burst(load: Load, stage: Stage, count: int) -> dict[str, Any]:
    """Create tasks from many clients at once, and count what is there afterwards."""
    [tenant] = stage.keys
    body = load.body(tenant, "inline")
    body.pop("callback_url")
    began = time.monotonic()

    def create(number: int) -> str:
        asked = {**body, "external_task_id": f"burst-{number}"}
        answer = load.ask(tenant, "POST", "/v1/videos/advanced-lip-sync", body=asked)
        return str(answer.json()["data"]["task_id"]) if answer.status_code == 200 else ""

    with ThreadPoolExecutor(32) as pool:
        ids = list(pool.map(create, range(count)))
    seconds = time.monotonic() - began
    there = {row["id"] for row in stage.tables.rows("select id from tasks")}
    charged = stage.tables.count("select count(*) from ledger where kind = 'lipsync'")
    return {
        "asked": count,
        "accepted": len([id for id in ids if id]),
        "lost": len([id for id in ids if id and id not in there]),
        "tasks": len(there),
        "charged": charged,
        "per_second": round(count / seconds, 1),
    }


def _ask(stage: Stage, url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Let wrk ask for the status of tasks that wait, run, and have ended."""
    rows = stage.tables.rows("select id from tasks order by created_at_ms limit %s", STATUS_TASKS)
    [key] = stage.keys.values()
    script = stage.folder / "status.lua"
    ids = ", ".join(f'"{row["id"]}"' for row in rows)
    script.write_text(_SCRIPT.format(ids=ids, key=key))
    done = subprocess.run(
        [
            *("wrk", "--threads", "1", "--connections", str(arguments.connections)),
            *("--duration", f"{arguments.seconds}s", "--timeout", "10s", "--latency"),
            *("--script", str(script), url),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=arguments.seconds + 60,
    )
    return _read(done.stdout)


def _read(printed: str) -> dict[str, Any]:
    percentiles = {
        f"p{share}_ms": _milliseconds(value)
        for share, value in re.findall(r"^ +(50|75|90|99)% +(\S+)$", printed, re.MULTILINE)
    }
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    errors = re.search(r"Socket errors: (.+)", printed)
    [rate] = re.findall(r"Requests/sec: +(\S+)", printed)
    return {
        "per_second": float(rate),
        **percentiles,
        "refused": int(bad[1]) if bad else 0,
        "errors": errors[1] if errors else "",
    }


def _milliseconds(value: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", value).groups()  # type: ignore[union-attr]
    return round(float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit], 2)


if __name__ == "__main__":
    sys.exit(main())
