from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lipwright.api.form import FormFile
from lipwright.api.problems import Problem, ProblemKind

TYPE = "multipart/form-data; boundary=XX"


def part(headers: str, content: bytes) -> bytes:
    return b"--XX\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n"


FIELD = part('Content-Disposition: form-data; name="note"', b"ignore me")
FILE = part(
    'Content-Disposition: form-data; name="file"; filename="c.mp4"\r\nContent-Type: video/mp4',
    b"\r\n--X the bytes --XY\r\n",
)
END = b"--XX--\r\n"


def read(body: bytes, step: int, content_type: str = TYPE) -> tuple[FormFile, bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), step):
            yield body[at : at + step]

    async def run() -> tuple[FormFile, bytes]:
        form = FormFile(content_type)
        return form, b"".join([piece async for piece in form.read(pieces())])

    return asyncio.run(run())


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize("body", [FILE + END, FIELD + FILE + END, FILE + FIELD + END])
def test_the_file_comes_out_however_it_is_cut(body: bytes, step: int) -> None:
    form, content = read(body, step)
    assert content == b"\r\n--X the bytes --XY\r\n"
    assert (form.name, form.media_type) == ("c.mp4", "video/mp4")


def test_only_the_first_file_counts() -> None:
    second = part('Content-Disposition: form-data; name="b"; filename="d.mp4"', b"second")
    form, content = read(FILE + second + END, 1000)
    assert form.name == "c.mp4"
    assert b"second" not in content


def test_a_form_without_a_file() -> None:
    with pytest.raises(Problem, match="file: the form holds no file"):
        read(FIELD + END, 1000)


@pytest.mark.parametrize(
    "body",
    [
        b"no form at all",
        b"--YY\r\n\r\n",
        FILE[:60],  # ends in its headers
        FILE[:-5],  # ends in its bytes
        part("Content-Disposition: " + "x" * 20000, b""),
    ],
)
def test_what_is_no_form(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        read(body, 1000)
    assert caught.value.kind in {ProblemKind.MALFORMED, ProblemKind.BAD_VALUE}


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 300]
)
def test_a_bad_boundary(content_type: str) -> None:
    with pytest.raises(Problem, match="not a valid multipart form"):
        read(FILE + END, 1000, content_type)
