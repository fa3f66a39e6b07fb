"""Step 4: fit the mouth network and write its weights into the package.

``python -m training.train`` reads the cached passes; deterministic for a given torch build.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.features import CACHE, Window, load
from training.model import MouthModel, export
from training.phones import number_of
from training.rendered import TRUST

WEIGHTS = Path(__file__).parents[1] / "src" / "lipwright" / "speech" / "mouth_network.npz"
SCALE = np.array([0.08, 0.04, 0.045, 0.02, 0.065, 0.022], np.float32)
"""Usual standard deviation of each channel (inter-ocular distances)."""

CHANNEL_WEIGHT = torch.tensor([2.0, 1.0, 0.7, 0.7, 1.0, 0.7])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=CACHE / "passes")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--members", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--passes", type=int, default=99)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--trust", type=float, default=TRUST, help="weight of rendered mouths")
    parser.add_argument("--like", type=Path, help="weights to take mean and deviation from")
    parser.add_argument("--phones", type=float, default=0.0, help="weight of naming the phones")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    files = sorted(arguments.data.glob("*.npz"))[: arguments.passes]
    windows = [w for file in files for w in load(file)]
    print(f"{len(windows)} windows of {len(files)} passes", flush=True)
    sample = np.concatenate([w.features for w in windows[:300]]).astype(np.float32)
    normal = sample.mean(0), sample.std(0) + 1e-3
    if arguments.like:
        with np.load(arguments.like) as other:
            normal = other["mean"], other["deviation"]
    for window in windows:
        _weigh_rendered(window, arguments.trust)
    if arguments.trust == 0.0:
        windows = [w for w in windows if w.weight.any() or len(w.times) == 0]
    with ProcessPoolExecutor(arguments.members, get_context("fork")) as pool:
        fitting = partial(fit, windows, normal, arguments)
        models = list(pool.map(fitting, range(arguments.members)))
    np.savez(arguments.out, **export(models, SCALE))
    size = sum(p.numel() for p in models[0].parameters())
    print(f"{size} parameters x {len(models)}, {arguments.out.stat().st_size} bytes")


def _weigh_rendered(window: Window, trust: float) -> None:
    """Set the weight of rendered mouths, a real one's being 1.

    What they do at a voiced "th" counts nothing: GRID has that sound in one word only.
    """
    rendered = window.weight == np.float32(TRUST)
    unsure = np.convolve(window.phones == number_of("DH"), np.ones(5), "same") > 0.5
    at = np.minimum(np.round(window.times).astype(int), len(unsure) - 1)
    window.weight[rendered] = trust
    window.weight[rendered & unsure[at]] = 0.0


def fit(
    windows: list[Window],
    normal: tuple[np.ndarray, np.ndarray],
    arguments: argparse.Namespace,
    seed: int,
) -> MouthModel:
    # Such a small network is faster on one thread than on several that wait for each other.
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = MouthModel(arguments.hidden, arguments.dropout, *normal)
    average = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=arguments.rate, weight_decay=0.02)
    started, order, shown = time.time(), [], 0.0
    for step in range(arguments.steps):
        warm = min(1.0, (step + 1) / 50)
        cosine = 0.5 + 0.5 * math.cos(math.pi * step / arguments.steps)
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * warm * max(0.02, cosine)
        if len(order) < arguments.batch:
            order = list(rng.permutation(len(windows)))
        batch = [windows[order.pop()] for _ in range(arguments.batch)]
        loss = loss_of(model, batch, arguments.phones)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            keep = min(0.995, (step + 1) / (step + 10))
            for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 1.0 - keep)
        shown += float(loss.detach())
        if step % 100 == 99:
            print(
                f"{seed}: {step + 1} loss {shown / 100:.4f} {time.time() - started:.0f} s",
                flush=True,
            )
            shown = 0.0
    return average.eval()


def loss_of(model: MouthModel, batch: list[Window], phone_share: float = 0.0) -> Tensor:
    longest = max(len(w.features) for w in batch)
    features = torch.zeros(len(batch), longest, batch[0].features.shape[1])
    voice = torch.full((len(batch), longest), float("nan"))
    for row, window in enumerate(batch):
        features[row, : len(window.features)] = torch.from_numpy(window.features).float()
        voice[row, : len(window.voice)] = torch.from_numpy(window.voice).float()
    hidden = model.hidden(features)
    output = model.head(hidden)
    known = ~voice.isnan()
    voice_loss = functional.binary_cross_entropy_with_logits(output[..., 7][known], voice[known])

    row = torch.from_numpy(np.concatenate([np.full(len(w.times), i) for i, w in enumerate(batch)]))
    times = torch.from_numpy(np.concatenate([w.times for w in batch]))
    lower = times.floor().long()
    share = (times - lower).unsqueeze(1)
    upper = (lower + 1).clamp(max=longest - 1)
    at = output[row, lower] * (1 - share) + output[row, upper] * share
    target = torch.from_numpy(np.concatenate([w.values for w in batch])) / torch.from_numpy(SCALE)
    closed = torch.from_numpy(np.concatenate([w.closed for w in batch])).float()
    weight = torch.from_numpy(np.concatenate([w.weight for w in batch]))
    anchored = torch.from_numpy(np.concatenate([w.anchored for w in batch]))
    clip = row * 64 + torch.from_numpy(np.concatenate([w.clip for w in batch]))

    value_loss = _value_loss(at[:, :6], target, closed, weight, anchored, clip)
    closed_loss = functional.binary_cross_entropy_with_logits(at[:, 6], closed, weight)
    total = value_loss + 0.3 * closed_loss + 0.1 * voice_loss
    if phone_share == 0.0:
        return total
    named = torch.full((len(batch), longest), -1)
    for at_row, window in enumerate(batch):
        named[at_row, : len(window.phones)] = torch.from_numpy(window.phones).long()
    said = model.phones(hidden).transpose(1, 2)
    return total + phone_share * functional.cross_entropy(said, named, ignore_index=-1)


def _value_loss(
    at: Tensor, target: Tensor, closed: Tensor, weight: Tensor, anchored: Tensor, clip: Tensor
) -> Tensor:
    error = at - target
    _, group = clip.unique(return_inverse=True)
    groups = int(group.max()) + 1
    count = torch.bincount(group, minlength=groups).clamp(min=1).unsqueeze(1)
    mean = torch.zeros(groups, 6).index_add(0, group, error) / count
    # Where a clip never shows its rest, only its motion counts.
    floating = (~anchored).float().unsqueeze(1) * torch.tensor([0.5, 0.9, 0.9, 0.9, 0.9, 0.9])
    error = error - mean[group] * floating
    emphasis = 1.0 + closed.unsqueeze(1) * torch.tensor([1.5, 0.0, 0.0, 0.0, 0.0, 0.0])
    each = functional.smooth_l1_loss(error, torch.zeros_like(error), reduction="none", beta=0.5)
    value = (each * emphasis * weight.unsqueeze(1) * CHANNEL_WEIGHT).mean()
    same = (clip[1:] == clip[:-1]).float() * weight[1:]
    motion = (at[1:] - at[:-1]) - (target[1:] - target[:-1])
    steps = functional.smooth_l1_loss(motion, torch.zeros_like(motion), reduction="none", beta=0.5)
    return (
        value
        + (steps * same.unsqueeze(1) * CHANNEL_WEIGHT).mean()
        + 0.3 * _correlation_loss(at[:, 0], target[:, 0], group, groups)
    )


def _correlation_loss(at: Tensor, target: Tensor, group: Tensor, groups: int) -> Tensor:
    """One minus the mean correlation of the opening within each clip."""

    def centred(x: Tensor) -> Tensor:
        count = torch.bincount(group, minlength=groups).clamp(min=1)
        mean = torch.zeros(groups).index_add(0, group, x) / count
        return x - mean[group]

    def total(x: Tensor) -> Tensor:
        return torch.zeros(groups).index_add(0, group, x)

    a, b = centred(at), centred(target)
    product = total(a * b) / (total(a * a) * total(b * b) + 1e-3).sqrt()
    return 1.0 - product.mean()


if __name__ == "__main__":
    main()
