"""Step 6: store what PyTorch makes of the shipped weights, for the numpy network's test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from lipwright.speech.encoder import FEATURES
from lipwright.speech.weights import FILES
from training.model import MouthModel
from training.train import WEIGHTS

FIXTURES = Path(__file__).parents[1] / "tests" / "speech" / "fixtures"


def main() -> None:
    for name, file in FILES.items():
        store(WEIGHTS.parent / file, FIXTURES / f"network_{name}.npz")


def store(weights_file: Path, golden: Path) -> None:
    with np.load(weights_file) as file:
        weights = dict(file)
    rng = np.random.default_rng(1)
    shape = rng.normal(size=(48, FEATURES)) * weights["deviation"] + weights["mean"]
    features = shape.astype(np.float16)
    outputs = [
        run(weights, member, features.astype(np.float32))
        for member in range(int(weights["members"]))
    ]
    raw = np.mean(outputs, axis=0)
    odds = 1.0 / (1.0 + np.exp(-raw[:, 6:]))
    np.savez_compressed(
        golden,
        features=features,
        values=(raw[:, :6] * weights["scale"]).astype(np.float32),
        closed=odds[:, 0].astype(np.float32),
        voice=odds[:, 1].astype(np.float32),
    )


def run(weights: dict[str, np.ndarray], member: int, features: np.ndarray) -> np.ndarray:
    hidden = len(weights[f"{member}.input.bias"])
    model = MouthModel(hidden, 0.0, weights["mean"], weights["deviation"]).eval()
    state = model.state_dict()
    for name in state:
        key = f"{member}.{name.removeprefix('blocks.')}"
        if key in weights:
            state[name] = torch.tensor(weights[key].astype(np.float32))
    model.load_state_dict(state)
    with torch.no_grad():
        return model(torch.tensor(features)[None])[0].numpy()


if __name__ == "__main__":
    main()
