from __future__ import annotations

import errno

import pytest

from lipwright.errors import FailedError
from lipwright.jobs.child_protocol import error_to_message, result_of


def test_a_child_without_room_on_its_disk_says_so() -> None:
    with pytest.raises(FailedError, match=r"disk of the machine .* is full") as raised:
        result_of(error_to_message(OSError(errno.ENOSPC, "No space left on device")))
    assert raised.value.reason == "disk_full"
    with pytest.raises(FailedError) as other:
        result_of(error_to_message(OSError(errno.EACCES, "Permission denied")))
    assert other.value.reason == "internal"
