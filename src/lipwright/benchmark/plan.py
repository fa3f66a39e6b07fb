"""How large everything is that is measured: once for figures to publish, once for a quick look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lipwright.benchmark.films import Film


@dataclass(frozen=True)
class Plan:
    """Sizes and rounds.

    Attributes
    ----------
    main
        The film that everything is held against.
    main_rounds
        How often its jobs come round.
    long
        The film of which a part is dubbed.
    long_rounds, line_ms
        Of that.
    series_rounds
        Of what follows.
    lengths, resolutions, faces
        Films that differ in one thing.
    lines
        Numbers of lines in `lines_film`, each of `short_line_ms`.
    starts
        How often the program is started.
    engine_rounds
        Turns of the engines.
    """

    main: Film
    main_rounds: int
    long: Film
    long_rounds: int
    line_ms: int
    series_rounds: int
    lengths: tuple[Film, ...]
    resolutions: tuple[Film, ...]
    faces: tuple[Film, ...]
    lines: tuple[int, ...]
    lines_film: Film
    short_line_ms: int
    starts: int
    engine_rounds: int


FULL: Final = Plan(
    main=Film(1920, 1080, 10),
    main_rounds=3,
    long=Film(1920, 1080, 60),
    long_rounds=2,
    line_ms=3000,
    series_rounds=2,
    lengths=tuple(Film(1280, 720, seconds) for seconds in (5, 15, 60)),
    resolutions=(Film(960, 540, 5), Film(1280, 720, 5), Film(1920, 1080, 5)),
    faces=tuple(Film(1280, 720, 5, faces) for faces in (1, 2, 4)),
    lines=(1, 2, 4),
    lines_film=Film(1280, 720, 15),
    short_line_ms=2000,
    starts=7,
    engine_rounds=12,
)

QUICK: Final = Plan(
    main=Film(1920, 1080, 3),
    main_rounds=2,
    long=Film(1280, 720, 20),
    long_rounds=1,
    line_ms=3000,
    series_rounds=1,
    lengths=tuple(Film(640, 360, seconds) for seconds in (2, 5, 10)),
    resolutions=(Film(1280, 720, 2), Film(1920, 1080, 2)),
    faces=tuple(Film(1280, 720, 2, faces) for faces in (1, 2)),
    lines=(1, 2),
    lines_film=Film(640, 360, 5),
    short_line_ms=2000,
    starts=3,
    engine_rounds=3,
)


def with_rounds(plan: Plan, rounds: int) -> Plan:
    """The same with another number of rounds, for everything."""
    return replace(
        plan,
        main_rounds=rounds,
        long_rounds=rounds,
        series_rounds=rounds,
        starts=rounds,
        engine_rounds=rounds,
    )
