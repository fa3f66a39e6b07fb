from __future__ import annotations

from lipwright.store.ids import new_id


def test_ids_are_eighteen_digits_and_never_repeat() -> None:
    ids = {new_id() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(len(id) == 18 and id.isdigit() and id[0] != "0" for id in ids)
