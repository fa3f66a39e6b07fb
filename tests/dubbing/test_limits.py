from __future__ import annotations

from dataclasses import replace

import pytest
from dubbing_clips import GOOD

from lipwright.dubbing.limits import check_video
from lipwright.dubbing.types import API_LIMITS, NO_LIMITS
from lipwright.errors import BadInputError


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"size_bytes": 100_000_000},
        {"duration_ms": 2_000},
        {"duration_ms": 60_000},
        {"duration_ms": 60_040},  # one frame over
        {"width": 512, "height": 512},
        {"width": 2160, "height": 2160},
        {"width": 720, "height": 1280},
    ],
)
def test_within_the_limits(change):
    check_video(replace(GOOD, **change), API_LIMITS)


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"size_bytes": 100_000_001}, "too_large", ("100 MB",)),
        ({"duration_ms": 1_999}, "too_short", ("2000 ms", "1999 ms")),
        ({"duration_ms": 60_041}, "too_long", ("60000 ms", "60041 ms")),
        ({"width": 511}, "wrong_size", ("512", "511 x 720")),
        ({"height": 511}, "wrong_size", ("1280 x 511",)),
        ({"width": 2161}, "wrong_size", ("2160", "2161 x 720")),
        ({"height": 2161}, "wrong_size", ("1280 x 2161",)),
    ],
)
def test_beyond_the_limits(change, reason, words):
    info = replace(GOOD, **change)
    with pytest.raises(BadInputError) as refused:
        check_video(info, API_LIMITS)
    assert (refused.value.field, refused.value.reason) == ("video", reason)
    assert all(word in refused.value.detail for word in words)
    check_video(info, NO_LIMITS)
