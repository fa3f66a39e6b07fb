"""Between the planes of a video and BGR pixels, by the video's own matrix and range."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from lipwright.media.types import U8, ColorTags, Frame

_BT709 = 1
_BT601 = 5
_FULL = 2
_LIMITED = 1
_KNOWN = (1, 4, 5, 6, 7, 9, 10)  # matrix codes of ITU-T H.273, table 4, that swscale has
_FAST = Interpolation.BILINEAR
_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_DOWN = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
_KEPT = 8
_local = threading.local()


class Planes(NamedTuple):
    """8-bit 4:2:0 planes: y (H, W), u and v (H/2, W/2); H and W even."""

    y: U8
    u: U8
    v: U8


def resolve(color: ColorTags, height: int) -> ColorTags:
    """Fill in what a stream leaves open: BT.601 below 720 lines, else BT.709; limited range."""
    matrix = color.matrix
    if matrix not in _KNOWN:
        matrix = _BT601 if height < 720 else _BT709
    return ColorTags(color.primaries, color.transfer, matrix, color.range or _LIMITED)


def to_bgr(
    picture: Frame | Planes,
    color: ColorTags | None = None,
    *,
    lines: int = 0,
    fast: bool = False,
) -> U8:
    """Turn planes into BGR pixels.

    Parameters
    ----------
    picture
        A frame, or planes of a frame or of a crop with even corners and sides.
    color
        Colour tags; a frame's own where ``None``. Required for `Planes`.
    lines
        Height of the whole picture, where ``picture`` is a crop of it: decides the matrix of
        streams that carry none. 0 takes the planes' own height.
    fast
        Four times as fast, up to 3 levels off and 1 too dark on average, chroma unsmoothed:
        for looking at, not for painting back. Otherwise within one level of the formula.

    Returns
    -------
    U8
        (H, W, 3), contiguous, writable.

    Raises
    ------
    ValueError
        Odd sides, or planes without tags.
    """
    if color is None:
        if not isinstance(picture, Frame):
            raise ValueError("planes need colour tags")
        color = picture.color
    height, width = picture.y.shape
    _check_even(height, width)
    tags = resolve(color, lines or height)
    source = to_picture(picture.y, picture.u, picture.v)
    flags = _FAST if fast else _EXACT
    out = _converter("bgr", height, width, flags, tags).reformat(
        source,
        format="bgr24",
        interpolation=flags,
        src_colorspace=_sws_matrix(tags),
        dst_colorspace=_sws_matrix(tags),
        src_color_range=tags.range,
        dst_color_range=_FULL,
        threads=1,
    )
    return np.ascontiguousarray(_rows(out, 0)[:height, : 3 * width]).reshape(height, width, 3)


def bgr_to_yuv(bgr: U8, color: ColorTags, *, lines: int = 0) -> Planes:
    """Turn (H, W, 3) BGR pixels into planes under the stream's matrix and range.

    Parameters
    ----------
    bgr
        (H, W, 3) uint8; H and W even.
    color, lines
        As for `to_bgr`.

    Returns
    -------
    Planes
        Within one level of the formula; rows may be padded.

    Raises
    ------
    ValueError
        Odd sides.
    """
    height, width = bgr.shape[:2]
    _check_even(height, width)
    tags = resolve(color, lines or height)
    source = VideoFrame(width, height, "bgr24")
    _rows(source, 0)[:height, : 3 * width] = bgr.reshape(height, 3 * width)
    out = _converter("yuv", height, width, _DOWN, tags).reformat(
        source,
        format="yuv420p",
        interpolation=_DOWN,
        src_colorspace=_sws_matrix(tags),
        dst_colorspace=_sws_matrix(tags),
        src_color_range=_FULL,
        dst_color_range=tags.range,
        threads=1,
    )
    return Planes(
        _rows(out, 0)[:height, :width],
        _rows(out, 1)[: height // 2, : width // 2],
        _rows(out, 2)[: height // 2, : width // 2],
    )


def to_picture(y: U8, u: U8, v: U8, into: VideoFrame | None = None) -> VideoFrame:
    """Copy planes into a yuv420p picture of FFmpeg's, a new one or ``into``."""
    height, width = y.shape
    picture = VideoFrame(width, height, "yuv420p") if into is None else into
    for index, plane in enumerate((y, u, v)):
        _rows(picture, index)[: plane.shape[0], : plane.shape[1]] = plane
    return picture


def _rows(picture: VideoFrame, index: int) -> U8:
    """View a plane of a picture that we allocated, padding included; writable."""
    plane: Any = picture.planes[index]
    rows: U8 = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
    return rows


def _sws_matrix(tags: ColorTags) -> int:
    """Swscale's number for a matrix; they differ from the tags in two places."""
    return {6: _BT601, 10: 9}.get(tags.matrix, tags.matrix)


def _converter(*key: object) -> VideoReformatter:
    """Return this thread's converter for such pictures: setting one up costs more than using it."""
    kept: OrderedDict[object, VideoReformatter] | None = getattr(_local, "kept", None)
    if kept is None:
        kept = _local.kept = OrderedDict()
    found = kept.pop(key, None) or VideoReformatter()
    kept[key] = found
    if len(kept) > _KEPT:
        kept.popitem(last=False)
    return found


def _check_even(height: int, width: int) -> None:
    if height % 2 or width % 2 or not height or not width:
        raise ValueError(f"4:2:0 needs even sides, got {width}x{height}")
