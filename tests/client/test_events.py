from __future__ import annotations

import itertools

from lipwright.client.events import Event, EventReader

STREAM = (
    'retry: 2000\n\n: still here\n\nid: 1\nevent: status\ndata: {"a":\ndata:1}\n\n'
    "id: 2\r\ndata: ä 嘴\r\n\r\ndata: three\r\rdata: cut"
).encode()
EVENTS = [Event("1", '{"a":\n1}'), Event("2", "ä 嘴"), Event("2", "three")]


def test_events_come_out_however_the_bytes_are_cut() -> None:
    for size in range(1, len(STREAM) + 1):
        reader = EventReader()
        pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
        found = itertools.chain.from_iterable(reader.feed(piece) for piece in pieces)
        assert list(found) == EVENTS
