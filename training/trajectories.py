"""What a mouth does that says these phones, learned from GRID: ``python -m training.trajectories``.

A small network over the phones around a moment (0.1 s to either side), the same for every voice.
It turns ``training/cache/synthetic`` into clips with targets: ``training/cache/rendered.npz``.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.phones import PHONES, Said, occupancy
from training.rendered import FPS, RENDERED
from training.synthetic import FOLDER
from training.targets import CACHE, Clip, load_clips
from training.train import SCALE
from training.words import load_phones

STEPS, BATCH, RATE, MEMBERS = 700, 24, 3e-3, 2
_LONGEST = 230
"""Frames of a slowed GRID clip."""


class Trajectory(nn.Module):
    """(batch, n, phones) at 50 Hz -> (batch, n, 7): six scaled channels and closed lips' logit."""

    def __init__(self, hidden: int = 48, dropout: float = 0.2) -> None:
        super().__init__()
        self.phones = nn.Linear(len(PHONES), 16, bias=False)
        self.context = nn.Conv1d(16, hidden, 11, padding=5)
        self.out = nn.Linear(hidden, 7)
        self.dropout = nn.Dropout(dropout)

    def forward(self, shares: Tensor) -> Tensor:
        inner = self.context(self.phones(self.dropout(shares)).transpose(1, 2)).transpose(1, 2)
        return self.out(self.dropout(functional.silu(inner)))


def main() -> None:
    torch.set_num_threads(1)
    phones = load_phones()
    clips = [c for c in load_clips(CACHE / "grid_s1", one_person=True) if c.name in phones]
    models = [fit(clips, phones, seed) for seed in range(MEMBERS)]
    arrays: dict[str, np.ndarray] = {}
    for file in sorted(FOLDER.glob("*.npz")):
        with np.load(file) as data:
            said = [
                Said(str(p), float(a), float(b))
                for p, (a, b) in zip(data["phones"], data["edges"], strict=True)
            ]
        arrays[file.stem] = render(models, said)
    np.savez(RENDERED, **arrays)
    print(f"{len(arrays)} clips rendered")


def fit(clips: list[Clip], phones: dict[str, list[Said]], seed: int) -> Trajectory:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Trajectory()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
    order: list[int] = []
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = (
                RATE * min(1.0, (step + 1) / 50) * (0.51 + 0.49 * np.cos(np.pi * step / STEPS))
            )
        if len(order) < BATCH:
            order = list(rng.permutation(len(clips)))
        batch = [clips[order.pop()] for _ in range(BATCH)]
        loss = _loss(model, batch, phones, rng)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"trajectory {seed}: loss {float(loss.detach()):.3f}", flush=True)
    return model.eval()


def render(models: list[Trajectory], said: list[Said]) -> np.ndarray:
    """(T, 7) channels at `FPS` and the probability that the lips touch."""
    count = int(said[-1].end * 50.0) + 2
    shares = torch.tensor(occupancy(said, count))[None]
    with torch.no_grad():
        raw = torch.stack([model(shares)[0] for model in models]).mean(0).numpy()
    raw[:, :6] *= SCALE
    raw[:, 6] = 1.0 / (1.0 + np.exp(-raw[:, 6]))
    grid = np.arange(0.0, said[-1].end, 1.0 / FPS) * 50.0
    columns = [np.interp(grid, np.arange(count), column) for column in raw.T]
    return np.stack(columns, 1).astype(np.float32)


def _loss(
    model: Trajectory, batch: list[Clip], phones: dict[str, list[Said]], rng: np.random.Generator
) -> Tensor:
    shares, times, rows = [], [], []
    for row, clip in enumerate(batch):
        slower, late = rng.uniform(0.75, 1.5), rng.normal(0.0, 0.008)
        warped = [
            Said(p.phone, p.start * slower + late, p.end * slower + late) for p in phones[clip.name]
        ]
        shares.append(occupancy(warped, _LONGEST))
        times.append(clip.times * slower * 50.0)
        rows.append(np.full(len(clip.times), row))
    output = model(torch.tensor(np.array(shares)))
    time = np.concatenate(times)
    inside = time < _LONGEST - 2
    time, row_of = time[inside], torch.tensor(np.concatenate(rows)[inside])
    lower = torch.tensor(time.astype(np.int64))
    share = torch.tensor(time - time.astype(np.int64)).float()[:, None]
    at = output[row_of, lower] * (1 - share) + output[row_of, lower + 1] * share
    value = torch.tensor(np.concatenate([c.values for c in batch])[inside] / SCALE)
    closed = torch.tensor(np.concatenate([c.closed for c in batch])[inside]).float()
    motion, wanted = at[1:, :6] - at[:-1, :6], value[1:] - value[:-1]
    return (
        functional.smooth_l1_loss(at[:, :6], value, beta=0.5)
        + 0.5 * functional.smooth_l1_loss(motion, wanted, beta=0.5)
        + 0.2 * functional.binary_cross_entropy_with_logits(at[:, 6], closed)
    )


if __name__ == "__main__":
    main()
