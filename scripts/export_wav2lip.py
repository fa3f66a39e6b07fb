"""Write a Wav2Lip generator as an ONNX file, from a published checkpoint or with random weights.

    python scripts/export_wav2lip.py OUT.onnx --checkpoint wav2lip.pth
    python scripts/export_wav2lip.py OUT.onnx --size 256 --width 0.25 --seed 7

The graph is written layer by layer, as the paper's published model lists them, so that PyTorch is
needed only to read a checkpoint (and then reads numbers only, no code). Random weights draw noise;
their shapes, time and memory are those of the real ones. Checkpoints of other architectures are
written as ONNX by the tools of those who made them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from lipwright.benchmark.wav2lip import PUBLISHED_SIZE, build, generator, random_weights
from lipwright.errors import BadInputError


def checkpoint_weights(path: Path) -> dict[str, np.ndarray]:
    """Read the numbers of a checkpoint; code that may lie in it is not run."""
    import torch

    found: Any = torch.load(path, map_location="cpu", weights_only=True)
    found = found.get("state_dict", found)
    return {name.removeprefix("module."): value.numpy() for name, value in found.items()}


def main() -> None:
    """Write the file that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="a published checkpoint; needs PyTorch")
    parser.add_argument("--size", type=int, default=PUBLISHED_SIZE, help="side of the faces")
    parser.add_argument("--width", type=float, default=1.0, help="factor on the channels")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    asked = parser.parse_args()
    layers = generator(asked.size, asked.width)
    weights = (
        checkpoint_weights(asked.checkpoint)
        if asked.checkpoint
        else random_weights(layers, asked.seed)
    )
    onnx.save(build(layers, weights, asked.size), str(asked.output))
    count = sum(weights[name].size for name in weights)
    print(f"{asked.output}: faces {asked.size}x{asked.size}, {count / 1e6:.1f} million numbers")


if __name__ == "__main__":
    try:
        main()
    except BadInputError as error:
        sys.exit(error.detail)
