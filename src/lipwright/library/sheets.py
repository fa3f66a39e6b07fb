"""Pictures in rows and columns with a few words, as one picture file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.errors import BadInputError, FailedError

U8 = NDArray[np.uint8]

SUFFIXES: Final = (".png", ".jpg", ".jpeg")

_GAP: Final = 8
_HEAD: Final = 44
_SIDE: Final = 66
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_PAPER, _INK, _FAINT = (250, 250, 250), (40, 40, 40), (110, 110, 110)


@dataclass(frozen=True)
class Column:
    """Pictures below each other, BGR and all of one width, with one or two lines above them."""

    title: str
    subtitle: str
    cells: Sequence[U8]


def check_picture_name(path: str | os.PathLike[str], field: str = "preview") -> Path:
    """Give the path of a picture to be written.

    Raises
    ------
    BadInputError
        It does not end in ``.png``, ``.jpg`` or ``.jpeg``, or its folder is not there.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise BadInputError(
            field, "wrong_format", f"must end in {', '.join(SUFFIXES)}; got {path.name!r}"
        )
    if not path.absolute().parent.is_dir():
        raise BadInputError(field, "no_folder", f"there is no folder {path.parent}")
    return path


def draw_sheet(columns: Sequence[Column], rows: Sequence[str]) -> U8:
    """Lay out columns side by side; ``rows`` are the names of their cells, from the top."""
    heights = [max(column.cells[i].shape[0] for column in columns) for i in range(len(rows))]
    widths = [column.cells[0].shape[1] for column in columns]
    side = _SIDE if any(rows) else _GAP
    width = side + sum(w + _GAP for w in widths)
    height = _HEAD + sum(h + _GAP for h in heights)
    sheet: U8 = np.full((height, width, 3), _PAPER, np.uint8)
    y = _HEAD
    for name, tall in zip(rows, heights, strict=True):
        _write(sheet, name, _GAP, y + tall // 2, _FAINT)
        y += tall + _GAP
    x = side
    for column, wide in zip(columns, widths, strict=True):
        _write(sheet, column.title, x, 18, _INK)
        _write(sheet, column.subtitle, x, 36, _FAINT)
        y = _HEAD
        for cell, tall in zip(column.cells, heights, strict=True):
            sheet[y : y + cell.shape[0], x : x + wide] = cell
            y += tall + _GAP
        x += wide + _GAP
    return sheet


def save_picture(path: Path, bgr: U8) -> None:
    """Write a picture in the format that its name says, at once or not at all.

    Raises
    ------
    FailedError
        ``write_failed``.
    """
    suffix = path.suffix.lower()
    good, data = cv2.imencode(
        suffix, bgr, [] if suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, 90]
    )
    part = path.with_name(f".{path.name}.part")
    try:
        if not good:  # pragma: no cover - the encoders take every 8-bit picture
            raise OSError("the picture could not be encoded")
        part.write_bytes(bytes(data))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FailedError("write_failed", f"{path} could not be written: {error}") from error


def crop(bgr: U8, middle: tuple[float, float], size: tuple[float, float], width: int) -> U8:
    """Cut a rectangle out of a picture and bring it to a width; what is outside is repeated edge.

    Parameters
    ----------
    bgr
        (H, W, 3).
    middle, size
        Of the rectangle: x and y, width and height, in pixels.
    width
        Of the result; its height follows.
    """
    scale = size[0] / width
    height = max(1, round(size[1] / scale))
    x = middle[0] - size[0] / 2 + scale / 2 - 0.5
    y = middle[1] - size[1] / 2 + scale / 2 - 0.5
    # When shrinking, blur first: warpAffine alone takes single pixels.
    if scale > 1.5:
        bgr = np.asarray(cv2.GaussianBlur(bgr, (0, 0), 0.4 * scale), np.uint8)
    matrix = np.array([[scale, 0, x], [0, scale, y]])
    cut = cv2.warpAffine(
        bgr,
        matrix,
        (width, height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cut, np.uint8)


def write_on(bgr: U8, text: str, x: int, y: int, color: tuple[int, int, int]) -> None:
    """Write over a picture, dark-rimmed so that it can be read anywhere."""
    cv2.putText(bgr, text, (x, y), _FONT, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(bgr, text, (x, y), _FONT, 0.5, color, 1, cv2.LINE_AA)


def _write(sheet: U8, text: str, x: int, y: int, color: tuple[int, int, int]) -> None:
    cv2.putText(sheet, text, (x, y), _FONT, 0.45, color, 1, cv2.LINE_AA)
