"""``python -m chaos``: set a fleet up, work it, strike it, and look whether anything was lost."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from chaos import report
from chaos.checks import Checks, Findings
from chaos.drain import TIDY_S, drain, result_of, until
from chaos.faults import Faults
from chaos.fleet import strays
from chaos.journal import Journal
from chaos.load import Load
from chaos.servers import ceph, postgres
from chaos.servers.process import last_words
from chaos.stage import PREFIX, Options, Stage
from lipwright.models.catalogue import CATALOGUE
from lipwright.models.store import require

START_S = 300.0


def main() -> int:
    """Run as the arguments say; 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long to strike")
    parser.add_argument(
        "--rate", type=float, default=0.0, help="orders a minute (default: by length)"
    )
    parser.add_argument(
        "--pause", type=float, default=0.0, help="s between faults (default: by length)"
    )
    parser.add_argument("--apis", type=int, default=2)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", help="one kind of fault; may be repeated")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the report")
    arguments = parser.parse_args()
    missing = postgres.why_not() or ceph.why_not()
    if missing:
        print(f"chaos: {missing}", file=sys.stderr)
        return 2
    short = arguments.minutes <= 10
    arguments.rate = arguments.rate or (20.0 if short else 5.0)
    arguments.pause = arguments.pause or (3.0 if short else 25.0)
    # However this ends, the servers must not stay.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    for name in CATALOGUE:
        require(name)
    journal = Journal()
    options = Options(apis=arguments.apis, workers=arguments.workers, seed=arguments.seed)
    with ExitStack() as stack:
        stage = Stage(stack, options, journal)
        began = time.monotonic()
        findings = _run(stage, options, arguments, journal)
        told = report.describe(
            findings,
            journal,
            {
                "apis": options.apis,
                "workers": options.workers,
                "tenants": options.tenants,
                "lease_s": options.lease_s,
                "rate": arguments.rate,
                "seed": options.seed,
                "minutes_asked": arguments.minutes,
            },
            time.monotonic() - began,
        )
        for path in report.write(told, arguments.out):
            print(path)
        if not findings.good:
            _show_logs(stage, arguments.out)
    wrong = sum(map(len, findings.wrong.values()))
    right = len(findings.wrong) - sum(map(bool, findings.wrong.values()))
    for name, complaints in findings.wrong.items():
        for complaint in complaints:
            print(f"WRONG: {name}: {complaint}", file=sys.stderr)
    print(f"chaos: {findings.counts}, {right} of {len(findings.wrong)} promises held")
    return 1 if wrong else 0


def _run(
    stage: Stage, options: Options, arguments: argparse.Namespace, journal: Journal
) -> Findings:
    chance = random.Random(options.seed)
    fleet = stage.fleet
    load = Load(fleet.urls, stage.keys, stage.receiver, stage.clip, arguments.rate, chance, journal)
    try:
        fleet.start()
        until(
            lambda: all(load.answers(url) for url in fleet.urls),
            START_S,
            "the APIs did not become ready",
        )
        journal.note("set up", "the fleet is ready")
        load.start()
        faults = Faults(
            fleet,
            stage.postgres,
            stage.ceph,
            stage.proxies,
            stage.tables,
            load,
            options.lease_s,
            chance,
            journal,
        )
        _strike(faults, arguments, chance, journal)
        journal.note("drain", "no more orders, no more faults")
        load.stop()
        drain(stage.tables, journal)
        checks = Checks(stage.tables, stage.ceph.store(), f"{PREFIX}/", load, stage.receiver)
        checks.starved |= {
            event.detail.rsplit(" ", 1)[1]
            for event in journal.of("fault")
            if event.data["fault"] == "exhaust memory"
        }
        findings = checks.all(lambda order: result_of(load, order))
        findings.check("no folder of a dead process is left", iter(_tidy(stage)))
        findings.check("everything ends when told to", iter(_end(stage)))
        return findings
    finally:
        fleet.stop()
        for process in strays(stage.run):
            process.kill()
        load.close()


def _strike(
    faults: Faults, arguments: argparse.Namespace, chance: random.Random, journal: Journal
) -> None:
    """Strike for so long, and until everything has happened once."""
    kinds = [kind for kind in faults.kinds if not arguments.only or kind in arguments.only]
    end = time.monotonic() + 60 * arguments.minutes
    done: set[str] = set()
    bag: list[str] = []
    tries = 0
    while time.monotonic() < end or (len(done) < len(kinds) and tries < 3 * len(kinds)):
        if not bag:
            bag = [kind for kind in kinds if kind not in done or time.monotonic() < end]
            chance.shuffle(bag)
        kind = bag.pop()
        tries += 1
        time.sleep(arguments.pause * chance.uniform(0.3, 1.7))
        if time.monotonic() > end and kind in done:
            continue
        what = faults.kinds[kind]()
        if what is None:
            journal.note("no victim", kind, fault=kind)
        else:
            done.add(kind)
            journal.note("fault", f"{kind}: {what}", fault=kind)


def _tidy(stage: Stage) -> list[str]:
    """Wait for the sweeps, then name what they left."""

    def left() -> list[str]:
        living = {str(process.pid) for member in stage.fleet.members for process in member.family()}
        return [
            f"{path} of a dead process"
            for member in stage.fleet.members
            for path in (member.folder / "tmp").glob("*-*")
            if path.name.split("-")[0].lstrip(".") not in living
        ]

    until(lambda: not left(), TIDY_S)
    return left()


def _end(stage: Stage) -> Iterator[str]:
    for name in stage.fleet.stop():
        yield f"{name} did not end in good order"
    until(lambda: not strays(stage.run), 60.0)
    for process in strays(stage.run):
        yield f"process {process.pid} is still there: {' '.join(process.cmdline())}"
    for member in stage.fleet.members:
        for path in (member.folder / "tmp").glob("*-*"):
            yield f"{path} stayed"


def _show_logs(stage: Stage, out: Path) -> None:
    """Keep the members' logs beside the report."""
    for member in stage.fleet.members:
        (out / f"chaos-{member.name}.log").write_text(member.log.read_text(errors="replace"))
    (out / "chaos-postgres.log").write_text(last_words(stage.postgres.log))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
