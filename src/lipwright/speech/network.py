"""The mouth network in numpy: speech features in, mouth motion and two probabilities out.

A frame-wise projection, a few residual blocks of dilated convolutions over time (together they
see 0.6 s to either side) and one linear head. ``training/model.py`` is the same in PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.encoder import FEATURES
from lipwright.speech.types import CHANNELS
from lipwright.speech.weights import BEST, FILES

F32 = NDArray[np.float32]

TAPS = 5
"""Length of the convolutions."""

DILATIONS = (1, 2, 4, 8)
"""Steps between their taps, block by block."""

_OUTPUTS = len(CHANNELS) + 2


@dataclass(frozen=True, eq=False)
class MouthOutput:
    """What the network says, every 20 ms.

    Attributes
    ----------
    values
        (n, 6) float32, columns as `CHANNELS`, inter-ocular distances relative to closed rest.
    closed
        (n,) float32 in 0..1: probability that the lips touch.
    voice
        (n,) float32 in 0..1: probability that somebody is speaking.
    """

    values: F32
    closed: F32
    voice: F32


class MouthNetwork:
    """The network with one set of weights; several sets are averaged.

    Parameters
    ----------
    weights
        Arrays by name, any float type; see `load_network` for the shipped ones.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self._weights = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self._members = int(self._weights["members"])

    def __call__(self, features: F32, *, overwrite: bool = False) -> MouthOutput:
        """Run over a whole sound.

        Parameters
        ----------
        features
            (n, 384) as `lipwright.speech.encoder` makes them.
        overwrite
            Whether their memory may be worked in: that of a long sound's is large.
        """
        normal = features if overwrite else features.copy()
        normal -= self._weights["mean"]
        normal /= self._weights["deviation"]
        outputs = [self._run(member, normal) for member in range(self._members)]
        raw = np.mean(outputs, axis=0, dtype=np.float32).reshape(-1, _OUTPUTS)
        channels = len(CHANNELS)
        return MouthOutput(
            values=raw[:, :channels] * self._weights["scale"],
            closed=_sigmoid(raw[:, channels]),
            voice=_sigmoid(raw[:, channels + 1]),
        )

    def _run(self, member: int, normal: F32) -> F32:
        def get(name: str) -> F32:
            return self._weights[f"{member}.{name}"]

        # On in place wherever it may be: of a long sound there is no room for many copies.
        x: F32 = normal @ get("input.weight").T
        x += get("input.bias")
        x = _silu(x)
        for block, dilation in enumerate(DILATIONS):
            inner = _normalise(x)
            inner *= get(f"{block}.norm.weight")
            inner += get(f"{block}.norm.bias")
            inner = _convolve(inner, get(f"{block}.conv.weight"), dilation)
            inner += get(f"{block}.conv.bias")
            inner = _silu(inner)
            x += inner @ get(f"{block}.out.weight").T
            x += get(f"{block}.out.bias")
        return _normalise(x) @ get("head.weight").T + get("head.bias")


@cache
def load_network(name: str = BEST) -> MouthNetwork:
    """Load one of the sets of weights that ship with the package.

    Parameters
    ----------
    name
        One of `lipwright.speech.weights.FILES`.
    """
    with (
        resources.files("lipwright.speech").joinpath(FILES[name]).open("rb") as file,
        np.load(file) as weights,
    ):
        return MouthNetwork(dict(weights))


def _convolve(x: F32, kernel: F32, dilation: int) -> F32:
    """Same-length convolution over time; ``kernel`` is (out, in, taps), outside is zero."""
    reach = dilation * (TAPS // 2)
    padded = np.pad(x, ((reach, reach), (0, 0)))
    total = np.zeros((len(x), kernel.shape[0]), np.float32)
    for tap in range(TAPS):
        start = tap * dilation
        total += padded[start : start + len(x)] @ kernel[:, :, tap].T
    return total


def _normalise(x: F32) -> F32:
    centred = x - x.mean(1, keepdims=True)
    centred /= np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)
    return np.asarray(centred, np.float32)


def _silu(x: F32) -> F32:
    share = _sigmoid(x)
    share *= x
    return share


def _sigmoid(x: F32) -> F32:
    out = np.clip(x, -60.0, 60.0)
    np.negative(out, out=out)
    np.exp(out, out=out)
    out += 1.0
    return np.asarray(np.divide(1.0, out, out=out), np.float32)


assert FEATURES == 384
