"""Fetch a video: whole or not at all, going on where a broken connection left off."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from lipwright.client.answers import error_of
from lipwright.client.errors import ConnectionFailedError, UnusableError
from lipwright.client.orders import is_url
from lipwright.client.retrying import Retries, send
from lipwright.client.steps import WRITE_BYTES, Answer, Flow, LostError, Open, Pause, Read, Work
from lipwright.client.values import BytesSink, SentFile, Task, Video


def _source_url(source: Task | Video | SentFile | str) -> str:
    """Return where something is fetched from; raises `UnusableError` if that is nowhere."""
    if isinstance(source, Task):
        if not source.videos:
            raise UnusableError(f"task {source.id} has no video: it is {source.status}")
        source = source.videos[0]
    url = source if isinstance(source, str) else source.url
    if not is_url(url):
        raise UnusableError("there is no URL to fetch from")
    return url


def target_path(source: Task | Video | SentFile | str, path: str | os.PathLike[str]) -> Path:
    """Return the file that is written: in a folder it is named after what is fetched."""
    target = Path(path)
    if target.is_dir():
        name = "video" if isinstance(source, str) else source.id
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
        target = target / f"{safe or 'video'}.mp4"
    if not target.absolute().parent.is_dir():
        raise UnusableError(f"there is no folder {target.parent}")
    return target


def download(
    source: Task | Video | SentFile | str,
    path: str | os.PathLike[str],
    retries: Retries,
    told: BytesSink | None = None,
) -> Flow[Path]:
    """Fetch something into a file, which appears only when it is complete.

    No key is sent: the links that services give out need none, and may lead anywhere.

    Raises
    ------
    UnusableError
        There is nothing to fetch, or nowhere to put it.
    ApiError
        The file is not there, or not any more.
    ConnectionFailedError
        It did not come, however often it was tried.
    """
    target, url = target_path(source, path), _source_url(source)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield Work(part.touch)
        yield from _fill(url, part, retries, told)
        yield Work(lambda: os.replace(part, target))
    finally:
        part.unlink(missing_ok=True)
    return target


def _fill(url: str, part: Path, retries: Retries, told: BytesSink | None) -> Flow[None]:
    have, tag, failures = 0, "", 0
    while True:
        # Without a strong tag, nobody can say that the rest belongs to what is here.
        headers = {"Range": f"bytes={have}-", "If-Range": tag} if have and tag else {}
        step = Open(url, headers, follow_redirects=True)
        answer: Answer = yield from send(step, retries, repeatable=True)
        if answer.status not in (200, 206):
            raise error_of(answer)
        if answer.status == 200:
            have = 0
        tag = answer.headers.get("etag", "")
        tag = "" if tag.startswith("W/") else tag
        total = _total(answer.headers, have)
        before = have
        try:
            with part.open("r+b") as file:
                file.seek(have)
                file.truncate()
                waiting = bytearray()
                try:
                    while (piece := (yield Read())) is not None:
                        waiting += piece
                        have += len(piece)
                        if len(waiting) >= WRITE_BYTES:
                            yield Work(lambda: file.write(waiting))  # noqa: B023 - done at once
                            waiting.clear()
                            if told is not None:
                                told(have, total)
                finally:
                    file.write(waiting)
            if total and have < total:
                raise LostError("the file ended too soon", sent=True)
        except LostError as lost:
            failures = 0 if have > before else failures + 1
            if failures >= retries.attempts - 1:
                raise ConnectionFailedError(f"the file did not come: {lost}", sent=True) from lost
            yield Pause(retries.pause_s(failures, None))
            continue
        if told is not None:
            told(have, have)
        return


def _total(headers: Mapping[str, str], have: int) -> int:
    """Whole size of the file, 0 if it is not said; what is compressed has another length."""
    length = headers.get("content-length", "")
    if not length.isdecimal() or headers.get("content-encoding", "identity") != "identity":
        return 0
    return have + int(length)
