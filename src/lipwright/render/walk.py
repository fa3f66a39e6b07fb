"""Hand frames to an engine in order: one by one, or many at once where it works faster so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, runtime_checkable

from lipwright.media.types import Frame
from lipwright.render.engine import Engine
from lipwright.render.plan import RenderPlan


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
    """Render every face of every frame.

    Parameters
    ----------
    engine
        Is handed as many frames at once as it asks for, if it is a `BatchEngine`.
    faces
        The bank and the plan of each; a later face is rendered onto what an earlier one left.
    frames
        In display order; no more of them are held at once than the engine asks for.

    Yields
    ------
    As many frames, in the same order.
    """
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
