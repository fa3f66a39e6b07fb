from __future__ import annotations

import time

from lipwright.store.lately import Lately


def test_what_was_looked_up_lately_is_not_looked_up_again() -> None:
    lately: Lately[str, int] = Lately(3600.0)
    assert lately.get("a", lambda: 1) == 1
    assert lately.get("a", lambda: 2) == 1
    assert lately.get("b", lambda: 3) == 3
    lately.forget()
    assert lately.get("a", lambda: 4) == 4


def test_what_is_old_or_not_to_be_kept_is_looked_up_again() -> None:
    lately: Lately[str, int] = Lately(0.01)
    assert lately.get("a", lambda: 1) == 1
    time.sleep(0.05)
    assert lately.get("a", lambda: 2) == 2
    kept: Lately[str, int] = Lately(3600.0)
    assert kept.get("a", lambda: 1, keep=lambda value: False) == 1
    assert kept.get("a", lambda: 2) == 2


def test_no_more_is_remembered_than_asked_for() -> None:
    lately: Lately[int, int] = Lately(3600.0, most=10)
    for number in range(100):
        lately.get(number, lambda: 1)
    assert len(lately._values) <= 10
