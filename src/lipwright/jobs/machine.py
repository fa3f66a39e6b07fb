"""What a machine has to give: room on its disk, memory, and what its limits allow."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from lipwright.settings import Settings

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

COMFORTABLE_DISK_MB = 5000
"""A few tasks at once, each with its video, its sounds and its result."""

COMFORTABLE_FILES = 1024
LEAST_FILES = 256

_MB = 1_000_000
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Look:
    """What was found; ``mend`` is empty where all is well, ``fatal`` where work cannot go on."""

    detail: str
    mend: str = ""
    fatal: bool = False


def nearest_folder(path: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    while not path.is_dir():
        path = path.parent
    return path


def disk(settings: Settings) -> Iterator[Look]:
    """Look for room and the right to write where temporary files lie."""
    folder = nearest_folder(settings.temp_dir)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Look(f"{folder} cannot be written to", "give this user that folder", fatal=True)
        return
    free_mb = shutil.disk_usage(folder).free // _MB
    detail = f"{free_mb} MB free in {folder}"
    if free_mb < settings.min_free_disk_mb:
        mend = "make room: the service takes nothing on with less than LIPWRIGHT_MIN_FREE_DISK_MB"
        yield Look(detail, mend, fatal=True)
    elif free_mb < COMFORTABLE_DISK_MB:
        yield Look(detail, f"make room: {COMFORTABLE_DISK_MB} MB are comfortable")
    else:
        yield Look(detail)


def memory(settings: Settings, cgroup_limit: Path = _CGROUP_LIMIT) -> Iterator[Look]:
    """Compare the memory that there is with what renders may use."""
    has_mb = psutil.virtual_memory().total // _MB
    whose = "this machine has"
    allowed = _number(cgroup_limit)
    if allowed is not None and allowed // _MB < has_mb:
        has_mb, whose = allowed // _MB, "this container may use"
    wants_mb = settings.child_memory_mb * settings.worker_concurrency
    detail = f"{whose} {has_mb} MB, {settings.worker_concurrency} render(s) may use {wants_mb} MB"
    if has_mb < wants_mb:
        mend = "lower LIPWRIGHT_WORKER_CONCURRENCY or LIPWRIGHT_CHILD_MEMORY_MB, or add memory"
        yield Look(detail, mend)
    else:
        yield Look(detail)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no such file, or "max"
        return None


def limits(settings: Settings) -> Iterator[Look]:
    """Look at the limits that a shell or a service manager has set for this process."""
    if resource is None:
        yield Look("this system has none to look at")
        return
    files = _limit(resource.RLIMIT_NOFILE)
    if files is not None and files < COMFORTABLE_FILES:
        mend = "raise it: ulimit -n 4096, or LimitNOFILE=4096 in the systemd unit"
        yield Look(f"{files} open files (ulimit -n)", mend, fatal=files < LEAST_FILES)
    space = _limit(resource.RLIMIT_AS)
    if space is not None and space < settings.child_memory_mb * _MB:
        mend = "raise it: ulimit -v unlimited; lipwright limits its renders by itself"
        yield Look(f"{space // _MB} MB of address space (ulimit -v)", mend, fatal=True)
    length = _limit(resource.RLIMIT_FSIZE)
    if length is not None and length < COMFORTABLE_DISK_MB * _MB:
        mend = "raise it: ulimit -f unlimited"
        yield Look(f"files of {length // _MB} MB at most (ulimit -f)", mend)
    words = "any number of" if files is None else str(files)
    yield Look(f"{words} open files, {os.cpu_count()} processors")


def _limit(which: int) -> int | None:
    """Return a soft limit, None where there is none."""
    soft, _ = resource.getrlimit(which)
    return None if soft == resource.RLIM_INFINITY else soft
