"""Hand frames to an engine in order: one by one, or many at once where it works faster so.

The engine works in a thread of its own, so that the next frame is made while the one before is
written: libraries let go of Python's lock, and neither waits for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, Protocol, runtime_checkable

from lipwright.media.prefetch import prefetched
from lipwright.media.threads import opencv_in_one_thread
from lipwright.media.types import Frame
from lipwright.render.engine import Engine
from lipwright.render.plan import RenderPlan

AHEAD: Final = 3
"""Finished frames that may lie ready."""


@runtime_checkable
class BatchEngine(Protocol):
    """What an `Engine` may offer beside the rest."""

    @property
    def batch(self) -> int:
        """How many frames it likes to be given at once, at least 1."""

    def render_batch(self, bank: Any, plan: RenderPlan, frames: Sequence[Frame]) -> list[Frame]:
        """As `Engine.render` does it, for consecutive frames."""


def render_all(
    engine: Engine, faces: Sequence[tuple[Any, RenderPlan]], frames: Iterable[Frame]
) -> Iterator[Frame]:
    """Render every face of every frame, a little ahead of whoever takes them.

    Parameters
    ----------
    engine
        Is handed as many frames at once as it asks for, if it is a `BatchEngine`; always by the
        same thread, which is not the caller's.
    faces
        The bank and the plan of each; a later face is rendered onto what an earlier one left.
    frames
        In display order; besides `AHEAD` finished frames no more of them are held than the
        engine asks for. Read in the engine's thread.

    Yields
    ------
    As many frames, in the same order.
    """
    if not faces:
        yield from frames
        return
    with (
        opencv_in_one_thread(),
        prefetched(lambda: _rendered(engine, faces, frames), AHEAD) as finished,
    ):
        yield from finished


def _rendered(
    engine: Engine, faces: Sequence[tuple[Any, RenderPlan]], frames: Iterable[Frame]
) -> Iterator[Frame]:
    source = iter(frames)
    if not isinstance(engine, BatchEngine):
        for frame in source:
            changed = frame
            for bank, plan in faces:
                changed = engine.render(bank, plan, changed)
            yield changed
        return
    while batch := list(islice(source, engine.batch)):
        for bank, plan in faces:
            batch = engine.render_batch(bank, plan, batch)
        yield from batch
