"""A face whose every frame is known, and what is planned for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lipwright.media.types import Frame
from lipwright.render.neural.engine import NeuralBank
from lipwright.render.plan import RenderPlan, SpokenPart

OPEN = (0.32, 0, 0.14, 0.03, 0.3, 0.0)
SPOKEN = SpokenPart(0.0, np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32))


@dataclass(frozen=True)
class Scene:
    """One face, known, with all of its frames."""

    frames: list[Frame]
    bank: NeuralBank

    def plan(
        self,
        *,
        channels: tuple[float, ...] = OPEN,
        weight: float = 1.0,
        speaking: float | None = 1.0,
        speech: tuple[SpokenPart, ...] = (SPOKEN,),
    ) -> RenderPlan:
        """The same in every frame."""
        count = len(self.bank.frame_indices)
        share = None if speaking is None else np.full(count, speaking, np.float32)
        return RenderPlan(
            self.bank.frame_indices,
            np.tile(np.float32(channels), (count, 1)),
            np.full(count, weight, np.float32),
            share,
            speech,
        )
