"""Step 5: how well the network's mouth follows real ones.

``python -m training.evaluate`` prints, for every clip in ``training/cache/talking``, the
correlation of predicted and true inner-lip opening at the clip's own best lag and at none.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lipwright.faces.mouth_shape import mouth_values
from lipwright.speech.encoder import SpeechEncoder
from lipwright.speech.level import frame_levels, usual_level
from lipwright.speech.network import MouthNetwork
from lipwright.speech.predict import curve_at
from lipwright.speech.types import CHANNELS
from training.bundle import encoder_folder
from training.features import CACHE
from training.train import WEIGHTS

LAGS = np.arange(-8, 9) * 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--quiet", action="store_true")
    arguments = parser.parse_args()
    with np.load(arguments.weights) as arrays:
        network = MouthNetwork(dict(arrays))
    encoder = SpeechEncoder(encoder_folder())
    for name, pattern in (("grid", "grid_*.npz"), ("wild", "*_en_*.npz")):
        rows = []
        for path in sorted((CACHE / "talking").glob(pattern)):
            if (CACHE / "grid_s1" / path.name.removeprefix("grid_")).exists():
                continue  # The same recording was trained on.
            rows.append(score(path, encoder, network))
            if not arguments.quiet:
                lag, best, zero = rows[-1][:3]
                print(f"  {path.stem:28} lag {lag * 1000:4.0f} ms, r {best:.3f}, at 0 {zero:.3f}")
        print(f"{name}: {summary(np.array(rows))}")


def summary(table: np.ndarray) -> str:
    middle = np.nanmedian(table, axis=0)
    channels = ", ".join(f"{c} {v:.2f}" for c, v in zip(CHANNELS, middle[3:9], strict=True))
    return (
        f"lag {middle[0] * 1000:.0f} ms, r {middle[1]:.3f} (mean {table[:, 1].mean():.3f}), "
        f"at 0 {middle[2]:.3f}; {channels}; amplitude {middle[9]:.2f}; "
        f"closed AUC {middle[10]:.3f}; finished curve r {middle[11]:.3f}, in speech "
        f"{middle[12]:.3f}, shut in {middle[13]:.0%} of the shut frames "
        f"and in {middle[14]:.0%} of the others"
    )


def score(path: Path, encoder: SpeechEncoder, network: MouthNetwork) -> list[float]:
    """Measure one clip.

    Returns
    -------
    Lag in s (positive: the real mouth is late), r of the opening there, r at no lag, r of the six
    channels, ratio of deviations, AUC of the closed head; then of the finished curve: r, r where it
    speaks, share of really shut frames that are shut, share of open frames that are shut.
    """
    with np.load(path) as data:
        seen = data["score"] > 0.5
        true = mouth_values(data["landmarks"][seen])
        times = data["times"][seen]
        samples = data["samples"].astype(np.float32) / 32768.0
    sound = usual_level(samples)
    output = network(encoder.encode(sound))
    r = [_r(_at(output.values[:, 0], times - lag), true[:, 0]) for lag in LAGS]
    best = int(np.argmax(r))
    shifted = times - LAGS[best]
    each = [_r(_at(output.values[:, c], shifted), true[:, c]) for c in range(6)]
    ratio = _at(output.values[:, 0], shifted).std() / true[:, 0].std()
    closed = true[:, 0] < 0.022
    curve = curve_at(shifted, output, frame_levels(sound), len(sound) / 16_000)
    final, talking = curve.values[:, 0], curve.speaking == 1.0
    shut = final < 0.02
    return [
        float(LAGS[best]),
        r[best],
        r[len(LAGS) // 2],
        *each,
        ratio,
        _auc(_at(output.closed, shifted), closed),
        _r(final, true[:, 0]),
        _r(final[talking], true[talking, 0]),
        shut[closed].mean() if closed.any() else float("nan"),
        shut[~closed].mean(),
    ]


def _at(curve: np.ndarray, times: np.ndarray) -> np.ndarray:
    return np.interp(times * 50.0, np.arange(len(curve)), curve)


def _r(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _auc(score: np.ndarray, truth: np.ndarray) -> float:
    if truth.all() or not truth.any():
        return float("nan")
    ranks = np.argsort(np.argsort(score)) + 1.0
    positive = truth.sum()
    return float(
        (ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * (len(truth) - positive))
    )


if __name__ == "__main__":
    main()
