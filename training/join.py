"""Average several sets of weights: ``python -m training.join OUT FILE FILE ...``.

The numpy network averages its members, so a joint set holds the members of all; they must have been
trained with the same mean and deviation of the features.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SHARED = ("members", "mean", "deviation", "scale")


def main() -> None:
    out, *files = map(Path, sys.argv[1:])
    joint: dict[str, np.ndarray] = {}
    count = 0
    for file in files:
        with np.load(file) as weights:
            for name in ("mean", "deviation", "scale"):
                if not np.array_equal(joint.setdefault(name, weights[name]), weights[name]):
                    raise SystemExit(f"{file} was trained with another {name}")
            for name in weights.files:
                if name not in SHARED:
                    member, rest = name.split(".", 1)
                    joint[f"{count + int(member)}.{rest}"] = weights[name]
            count += int(weights["members"])
    joint["members"] = np.array(count, np.int16)
    np.savez(out, **joint)
    print(f"{count} members, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
