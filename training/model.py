"""The mouth network in PyTorch, the twin of ``lipwright.speech.network``."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from lipwright.speech.encoder import FEATURES
from lipwright.speech.network import DILATIONS, TAPS
from lipwright.speech.types import CHANNELS
from training.phones import PHONES

OUTPUTS = len(CHANNELS) + 2


class Block(nn.Module):
    def __init__(self, hidden: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden)
        reach = dilation * (TAPS // 2)
        self.conv = nn.Conv1d(hidden, hidden, TAPS, dilation=dilation, padding=reach)
        self.out = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.out(self.dropout(nn.functional.silu(inner)))


class MouthModel(nn.Module):
    """(batch, n, 384) features -> (batch, n, 8): six scaled channels and two logits."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, hidden: int, dropout: float, mean: np.ndarray, deviation: np.ndarray
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("deviation", torch.tensor(deviation))
        self.input = nn.Linear(FEATURES, hidden)
        self.blocks = nn.ModuleList(Block(hidden, d, dropout) for d in DILATIONS)
        self.last = nn.LayerNorm(hidden, elementwise_affine=False)
        self.head = nn.Linear(hidden, OUTPUTS)
        self.dropout = nn.Dropout(dropout)
        with torch.random.fork_rng(devices=[]):
            self.phones = nn.Linear(hidden, len(PHONES))

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.hidden(features))

    def hidden(self, features: Tensor) -> Tensor:
        """What the heads read; `phones` is one that only training listens to."""
        x = (features - self.mean) / self.deviation
        x = self.dropout(nn.functional.silu(self.input(self.dropout(x))))
        for block in self.blocks:
            x = block(x)
        return self.last(x)


def export(models: list[MouthModel], scale: np.ndarray) -> dict[str, np.ndarray]:
    """Weights by the names that ``lipwright.speech.network`` reads."""
    arrays: dict[str, np.ndarray] = {
        "members": np.array(len(models), np.int16),
        "mean": models[0].mean.numpy(),
        "deviation": models[0].deviation.numpy(),
        "scale": np.asarray(scale, np.float32),
    }
    for member, model in enumerate(models):
        for name, value in model.state_dict().items():
            if name not in ("mean", "deviation") and not name.startswith("phones."):
                short = name.removeprefix("blocks.")
                arrays[f"{member}.{short}"] = value.detach().numpy().astype(np.float16)
    return arrays
