"""One call, two lines: the largest face says the first sound, and after it the second.

python examples/two_lines.py interview.mp4 first.wav second.wav dubbed.mp4
"""

from __future__ import annotations

import sys
from pathlib import Path

import lipwright


def main(video: Path, first: Path, second: Path, output: Path) -> lipwright.SyncResult:
    """Dub, draw a contact sheet beside the result, and say what was done."""
    result = lipwright.dub(
        video,
        [lipwright.Cue(first), lipwright.Cue(second, volume=0.8)],
        output,
        original_volume=0.3,
        progress=lambda step: print(f"{step.stage} {step.fraction:.0%}", file=sys.stderr),
    )
    for line in result.lines:
        print(f"face {line.face_id} speaks from {line.insert_ms} to {line.end_ms} ms")
    print(lipwright.contact_sheet(video, result, output.with_suffix(".png")))
    return result


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
