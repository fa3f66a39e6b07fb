"""What a child process and its parent say to each other: one JSON object a line.

Parent to child: ``{"function": …, "arguments": …}``. Child to parent: any number of
``{"progress": [stage, fraction]}``, then one of ``{"result": …}``, ``{"bad_input": …}``,
``{"failed": …}``.
"""

from __future__ import annotations

import errno
from typing import Any

from lipwright.errors import BadInputError, FailedError

DISK_FULL = "disk_full"
DISK_FULL_WORDS = "the disk of the machine that did the work is full"


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that there was no room for a file."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def error_to_message(error: BaseException) -> dict[str, Any]:
    """Return the message that carries an error over the boundary intact."""
    if isinstance(error, BadInputError):
        return {
            "bad_input": {
                "field": error.field,
                "reason": error.reason,
                "detail": error.detail,
                "index": error.index,
            }
        }
    if isinstance(error, FailedError):
        return {"failed": {"reason": error.reason, "detail": error.detail}}
    if _lacks_memory(error):
        return {"failed": {"reason": "out_of_memory", "detail": "there was not enough memory"}}
    if is_disk_full(error):
        return {"failed": {"reason": DISK_FULL, "detail": DISK_FULL_WORDS}}
    detail = f"unexpected {type(error).__name__}"
    return {"failed": {"reason": "internal", "detail": detail}}


def _lacks_memory(error: BaseException) -> bool:
    """Whether there was no memory left, in whatever words a library says so."""
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    words = ("can't start new thread", "Insufficient memory", "bad_alloc", "allocate memory")
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)


def result_of(message: dict[str, Any]) -> dict[str, Any]:
    """Return what a final message carries, or raise the error that it carries."""
    if "bad_input" in message:
        bad = message["bad_input"]
        raise BadInputError(bad["field"], bad["reason"], bad["detail"], index=bad["index"])
    if "failed" in message:
        raise FailedError(message["failed"]["reason"], message["failed"]["detail"])
    result: dict[str, Any] = message["result"]
    return result
