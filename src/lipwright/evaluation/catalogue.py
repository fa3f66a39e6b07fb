"""The metrics: what each is called, what is good, and how the baselines must stand in it.

Sharpness, flicker and jerk are taken over the source's own, so that the real clip and doing
nothing are 1 by definition. Motion in silence is not asked of a clip that says its own words: in
the moments before they speak real people breathe and part their lips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lipwright.evaluation.cases import Kind

ROWS: Final = ("output", "wanted", "real", "nothing", "frozen")
"""What is measured alike: the output; the speech model's curve before it is rendered; the real
clip; the picture with a sound that is not its own; lips held shut."""

_ALL: Final = (Kind.REVOICE, Kind.SPEECH, Kind.SILENCE)
_TALK: Final = (Kind.REVOICE, Kind.SPEECH)


@dataclass(frozen=True)
class Metric:
    """One number.

    Attributes
    ----------
    key
        Name in the JSON.
    title
        Name in tables.
    meaning
        One sentence for the report.
    kinds
        Cases that it is measured in.
    digits
        After the decimal point.
    best
        The value that a perfect output has; ``inf`` where more is better.
    worse
        Pairs of rows: the first must be nearer to ``best`` than the second, or the metric is
        not worth having.
    """

    key: str
    title: str
    meaning: str
    kinds: tuple[Kind, ...]
    digits: int
    best: float
    worse: tuple[tuple[str, str], ...] = ()

    def distance(self, value: float) -> float:
        """How far a value is from the best one; smaller is better."""
        return -value if self.best == float("inf") else abs(value - self.best)


_REAL_WINS: Final = (("real", "nothing"), ("real", "frozen"))
_HIGH: Final = float("inf")

METRICS: Final = (
    Metric(
        "opening_r",
        "opening r",
        "Correlation of the inner lips' opening with the true mouth's, at the clip's own offset.",
        (Kind.REVOICE,),
        2,
        1.0,
        _REAL_WINS,
    ),
    Metric(
        "width_r",
        "width r",
        "The same for the distance of the lips' corners.",
        (Kind.REVOICE,),
        2,
        1.0,
        _REAL_WINS,
    ),
    Metric(
        "opening_r_raw",
        "r, raw",
        "Opening r without the clip's own offset taken into account.",
        (Kind.REVOICE,),
        2,
        1.0,
        _REAL_WINS,
    ),
    Metric(
        "lag_ms",
        "lag ms",
        "How much later than the true mouth the made one moves, the clip's own offset taken off.",
        (Kind.REVOICE,),
        0,
        0.0,
    ),
    Metric(
        "lag_ms_raw",
        "lag, raw",
        "The same with the clip's own offset in it.",
        (Kind.REVOICE,),
        0,
        0.0,
    ),
    Metric(
        "m_lmd",
        "M-LMD",
        "Mean distance of the lips' landmarks from the true ones, hundredths of the distance "
        "between the eyes, at the clip's own offset.",
        (Kind.REVOICE,),
        1,
        0.0,
        _REAL_WINS,
    ),
    Metric(
        "closure_rate",
        "closures",
        "Share of the true mouth's closings (shut for at most 0.35 s between two openings) in "
        "which the made lips shut within one frame, and had been apart within 0.3 s.",
        (Kind.REVOICE,),
        2,
        1.0,
        _REAL_WINS,
    ),
    Metric(
        "closure_precision",
        "cl. precision",
        "Share of the made mouth's closings in which the true lips shut within one frame.",
        (Kind.REVOICE,),
        2,
        1.0,
        (("real", "nothing"),),
    ),
    Metric(
        "curve_closure_rate",
        "closures",
        "Share of the closings of the speech model's curve in which the made lips shut within "
        "one frame, and had been apart within 0.3 s.",
        (Kind.SPEECH,),
        2,
        1.0,
        (("output", "nothing"), ("output", "frozen")),
    ),
    Metric(
        "articulation",
        "articulation",
        "Spread of the opening while there is speech, over the real speaker's.",
        (Kind.REVOICE,),
        2,
        1.0,
        (("real", "frozen"),),
    ),
    Metric(
        "contrast",
        "contrast",
        "Opening where the true mouth is wide less that where it is shut, over the true one's.",
        (Kind.REVOICE,),
        2,
        1.0,
        _REAL_WINS,
    ),
    Metric(
        "follow_r",
        "r to curve",
        "Correlation of the opening with the speech model's curve: what rendering loses. The real "
        "row is the clip's own mouth against the curve of its own sound.",
        _TALK,
        2,
        1.0,
        (("real", "nothing"), ("real", "frozen")),
    ),
    Metric(
        "follow_lag_ms",
        "lag to curve",
        "How much later than the speech model's curve the mouth moves.",
        _TALK,
        0,
        0.0,
    ),
    Metric(
        "follow_gain",
        "gain",
        "Spread of the opening over that of the speech model's curve.",
        _TALK,
        2,
        1.0,
    ),
    Metric(
        "silence_motion",
        "silence motion",
        "Share of the frames in silence in which the lips are further apart than rest or jump.",
        (Kind.SPEECH, Kind.SILENCE),
        3,
        0.0,
        (("frozen", "nothing"),),
    ),
    Metric(
        "wander",
        "wander",
        "How far the lips stray from their resting place in silence, with the jaw: 90th "
        "percentile, hundredths of the distance between the eyes. Landmarks alone read 0.5 to 1.",
        (Kind.SPEECH, Kind.SILENCE),
        1,
        0.0,
        (("frozen", "nothing"),),
    ),
    Metric(
        "sharpness",
        "sharpness",
        "Variance of the Laplacian in the mouth's square over the source's: median of the frames "
        "in which both mouths are about as open.",
        _ALL,
        2,
        1.0,
    ),
    Metric(
        "flicker",
        "flicker",
        "Second difference in time of the steadied mouth's pixels over the source's.",
        (Kind.REVOICE, Kind.SILENCE),
        2,
        0.0,
    ),
    Metric(
        "jerk",
        "jerk",
        "Third difference in time of the lips' landmarks over the source's.",
        (Kind.REVOICE, Kind.SILENCE),
        2,
        0.0,
    ),
    Metric(
        "seam",
        "seam",
        "Gradient along the border of what the engine changed over the source's, before encoding.",
        _ALL,
        2,
        1.0,
    ),
    Metric(
        "outside",
        "outside",
        "Largest change of any sample outside the face before encoding, levels.",
        _ALL,
        0,
        0.0,
    ),
)

BY_KEY: Final = {metric.key: metric for metric in METRICS}


def metrics_of(kind: Kind) -> tuple[Metric, ...]:
    """The metrics of one kind of case, in the order of the tables."""
    return tuple(metric for metric in METRICS if kind in metric.kinds)
