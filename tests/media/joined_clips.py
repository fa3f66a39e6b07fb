"""Films of copied and of encoded stretches; their pictures tell their number."""

from __future__ import annotations

import numpy as np

from lipwright.media.decode import VideoReader
from lipwright.media.groups import find_groups
from lipwright.media.join import Source, join
from lipwright.media.stretch_writer import StretchWriter
from lipwright.media.stretches import Stretch

COUNT = 60
GOOD = {"preset": "veryfast", "crf": "16", "g": "12", "sc_threshold": "0", "bf": "3"}
PLAN = ((0, 24, True), (24, 36, False), (36, 48, True), (48, 60, False))


def render(reader, stretch, path, number=1, threads=2):
    """Encode a stretch of the video's own pictures, a little brighter."""
    stamps, info = reader.stamps, reader.info

    def time(index):
        return (
            None if index >= len(stamps) else (int(stamps[index]) - info.start_pts) * info.time_base
        )

    with StretchWriter(path, info, threads=threads, number=number) as writer:
        for frame in reader.frames(time(stretch.first), time(stretch.stop)):
            writer.write(np.minimum(frame.y, 225) + 10, frame.u, frame.v, frame.pts)
    return path


def joined(source, folder, plan=PLAN, sound=None, number=1):
    target = folder / "joined.mp4"
    with VideoReader(source) as reader:
        groups = find_groups(source, reader.survey)
        stretches = [Stretch(*one) for one in plan]
        parts = [
            None if one.copied else render(reader, one, folder / str(index), number)
            for index, one in enumerate(stretches)
        ]
        count = join(
            target,
            reader.info,
            list(zip(stretches, parts, strict=True)),
            Source(source, reader.survey.stream_index, groups),
            sound,
            synthetic=True,
        )
    assert count == len(reader.stamps)
    return target
