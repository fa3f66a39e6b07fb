"""For a head in Blender, Unreal or Unity: blendshape weights and visemes of a line, no video.

python examples/animate_a_head.py line.wav "What is said, if it is known." line

Writes line.arkit.json (weights of twelve of ARKit's blendshapes, 60 a second), line.arkit.csv
(the same as a table) and line.visemes.tsv (start, end and name of each viseme).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import lipwright


def main(speech: Path, transcript: str, stem: Path) -> list[Path]:
    """Write the three files; their paths."""
    curve = lipwright.mouth_curve(speech, fps=60, transcript=transcript)
    shapes = lipwright.blendshapes(curve)
    timeline = lipwright.visemes(speech, transcript=transcript, alphabet="oculus")
    texts = {
        ".arkit.json": json.dumps({"fps": 60, **shapes.to_dict()}),
        ".arkit.csv": shapes.to_csv(),
        ".visemes.tsv": lipwright.visemes_to_tsv(timeline),
    }
    written = [stem.with_name(stem.name + ending) for ending in texts]
    for path, text in zip(written, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return written


if __name__ == "__main__":
    for path in main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])):
        print(path)
