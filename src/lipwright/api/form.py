"""Pick the first file out of a multipart form while the form is still coming."""

from __future__ import annotations

from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from lipwright.api.problems import Problem, ProblemKind


class FormFile:
    """Turns the bytes of a multipart form into the bytes of its first file.

    Parameters
    ----------
    content_type
        The request's header; names the boundary.

    Attributes
    ----------
    name
        The file's name as the caller wrote it; empty until its part has begun.
    media_type
        What the caller says the file is.

    Raises
    ------
    Problem
        The header names no boundary.
    """

    def __init__(self, content_type: str) -> None:
        self.name = ""
        self.media_type = ""
        self.found = False
        self._inside = False
        self._pieces: list[bytes] = []
        self._header = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        _, options = parse_options_header(content_type)
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": lambda data, i, j: self._header[0].extend(data[i:j]),
                    "on_header_value": lambda data, i, j: self._header[1].extend(data[i:j]),
                    "on_header_end": self._keep_header,
                    "on_headers_finished": self._begin,
                    "on_part_data": self._take,
                    "on_part_end": self._end,
                },
            )
        except (KeyError, FormParserError):
            raise _not_a_form() from None

    async def read(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the file's bytes as the form's bytes come.

        Raises
        ------
        Problem
            It is no valid form, or there is no file in it.
        """
        try:
            async for chunk in body:
                self._parser.write(chunk)
                for piece in self._pieces:
                    yield piece
                self._pieces.clear()
            self._parser.finalize()
        except FormParserError:
            raise _not_a_form() from None
        if not self.found:
            raise Problem(
                ProblemKind.BAD_VALUE,
                "file: the form holds no file",
                reason="missing",
                field="file",
            )
        if self._inside:
            raise _not_a_form()

    def _keep_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        name.clear()
        value.clear()

    def _begin(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" in options and not self.found:
            self.found = self._inside = True
            self.name = options[b"filename"].decode("utf-8", "replace")
            self.media_type = self._headers.get(b"content-type", b"").decode("latin-1")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._pieces.append(data[start:end])

    def _end(self) -> None:
        self._inside = False


def _not_a_form() -> Problem:
    return Problem(
        ProblemKind.MALFORMED,
        "The request body is not a valid multipart form",
        reason="not_a_form",
    )
