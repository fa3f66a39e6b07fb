"""Dub a video by its subtitles: one sound for each of them, said by one person or by several.

    python examples/dub_subtitles.py interview.mp4 lines.srt sounds/ dubbed.mp4
    python examples/dub_subtitles.py talk.mp4 lines.srt sounds/ dubbed.mp4 --speakers who.csv

The sound of subtitle 7 is `7.wav`, `07.mp3`, … in the folder. A subtitle may begin with who says
it, as in `ANNA: Good morning.`; then `who.csv` says which face that is, one row a speaker:

    speaker,face
    ANNA,0
    BEN,1 3

Somebody who comes and goes is a new face each time, so several may be named; `lipwright faces
talk.mp4 --images portraits/` shows which there are.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lipwright
from lipwright.media.audio import probe_sound

SOUNDS = (".wav", ".mp3", ".m4a", ".aac")

_TIMES = re.compile(
    r"(\d+):(\d\d):(\d\d)[,.](\d{1,3})\s*-->\s*(\d+):(\d\d):(\d\d)[,.](\d{1,3})(?:\s.*)?"
)
_SPEAKER = re.compile(r"(?:-\s*)?([^\W\d_][\w .'’-]{0,30}):\s+(.*)", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>|\{\\[^}]*\}")


@dataclass(frozen=True)
class Subtitle:
    """One subtitle; times in ms, the speaker empty if it does not say."""

    number: int
    start_ms: int
    end_ms: int
    speaker: str
    text: str


def read_srt(path: Path) -> list[Subtitle]:
    """Read subtitles in the order of their times.

    Raises
    ------
    ValueError
        There is none in it.
    """
    text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    found: list[Subtitle] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        number, _, rest = block.strip().partition("\n")
        times, _, words = rest.partition("\n")
        match = _TIMES.fullmatch(times.strip())
        if match is None or not number.strip().isdecimal():
            raise ValueError(f"this is no subtitle: {block[:60]!r}")
        plain = " ".join(_MARKUP.sub("", words).split())
        spoken = _SPEAKER.fullmatch(plain)
        speaker, said = (spoken[1].strip(), spoken[2]) if spoken else ("", plain)
        start_ms, end_ms = _ms(match.groups()[:4]), _ms(match.groups()[4:])
        found.append(Subtitle(int(number), start_ms, end_ms, speaker, said))
    return sorted(found, key=lambda subtitle: subtitle.start_ms)


def read_speakers(path: Path) -> dict[str, list[str]]:
    """Read which faces each speaker has.

    Raises
    ------
    ValueError
        A column is missing.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if any(not row.get("speaker") or not row.get("face") for row in rows):
        raise ValueError(f"{path} must have the columns speaker and face, filled in every row")
    return {row["speaker"].strip(): row["face"].split() for row in rows}


def sound_of(subtitle: Subtitle, folder: Path) -> Path:
    """Return a subtitle's sound: the file whose name is its number.

    Raises
    ------
    ValueError
        There is none.
    """
    for path in sorted(folder.iterdir()):
        numbered = path.stem.isdecimal() and int(path.stem) == subtitle.number
        if numbered and path.suffix.lower() in SOUNDS:
            return path
    raise ValueError(f"{folder} has no sound for subtitle {subtitle.number}")


def face_of(
    subtitle: Subtitle, found: lipwright.Identification, speakers: dict[str, list[str]]
) -> str | None:
    """Return the face that says a subtitle: of the speaker's, the one that is there longest.

    None, for the most prominent face of that moment, if nobody is named.

    Raises
    ------
    ValueError
        It is not known who the speaker is, or the video has no such face.
    """
    if not speakers:
        return None
    if subtitle.speaker not in speakers:
        raise ValueError(f"subtitle {subtitle.number}: who is {subtitle.speaker or 'speaking'}?")
    faces = {face.face_id: face for face in found.faces}
    own = speakers[subtitle.speaker]
    if strange := [face for face in own if face not in faces]:
        raise ValueError(f"the video has no face {strange[0]}; it has {', '.join(faces) or 'none'}")

    def seen_ms(id: str) -> int:
        face = faces[id]
        return min(face.end_ms, subtitle.end_ms) - max(face.start_ms, subtitle.start_ms)

    return max(own, key=seen_ms)


def cues_of(
    subtitles: Sequence[Subtitle],
    folder: Path,
    found: lipwright.Identification,
    speakers: dict[str, list[str]],
) -> tuple[list[lipwright.Cue], list[str]]:
    """Return what is said by whom and when, and sentences about sounds that had to be cut.

    A sound that goes on when the same face has its next line is cut there.
    """
    names = {subtitle.speaker for subtitle in subtitles if subtitle.speaker}
    if len(names) > 1 and not speakers:
        raise ValueError(f"who is who? --speakers must say it of {', '.join(sorted(names))}")
    faces = [face_of(subtitle, found, speakers) for subtitle in subtitles]
    cues: list[lipwright.Cue] = []
    warnings: list[str] = []
    for index, subtitle in enumerate(subtitles):
        sound = sound_of(subtitle, folder)
        length_ms = probe_sound(sound).duration_ms
        later = [
            other.start_ms
            for other, face in zip(subtitles[index + 1 :], faces[index + 1 :], strict=True)
            if face == faces[index]
        ]
        room_ms = min([found.video.duration_ms, *later]) - subtitle.start_ms
        if length_ms > room_ms:
            warnings.append(
                f"subtitle {subtitle.number}: {sound.name} is cut at {room_ms} ms of {length_ms} ms"
            )
        cues.append(
            lipwright.Cue(
                sound,
                face=faces[index],
                at_ms=subtitle.start_ms,
                speech_end_ms=min(length_ms, room_ms),
                transcript=subtitle.text,
            )
        )
    return cues, warnings


def main(arguments: Sequence[str] | None = None) -> int:
    """Dub, and say what was done; the exit code is 0, or 2 for what cannot be used."""
    parser = argparse.ArgumentParser(description="Dub a video by its subtitles.")
    parser.add_argument("video", type=Path, help="mp4 or mov")
    parser.add_argument("subtitles", type=Path, help="srt")
    parser.add_argument("sounds", type=Path, help="folder of one sound a subtitle")
    parser.add_argument("output", type=Path, help="mp4 that is written")
    parser.add_argument("--speakers", type=Path, help="csv with the columns speaker and face")
    parser.add_argument(
        "--original-volume", type=float, default=0.0, help="the video's own sound, 0 to 2"
    )
    given = parser.parse_args(arguments)
    try:
        subtitles = read_srt(given.subtitles)
        speakers = read_speakers(given.speakers) if given.speakers else {}
        found = lipwright.identify(given.video)
        cues, warnings = cues_of(subtitles, given.sounds, found, speakers)
        done = lipwright.dub(
            given.video,
            cues,
            given.output,
            original_volume=given.original_volume,
            identification=found,
        )
    except (ValueError, OSError, lipwright.LipwrightError) as error:
        print(f"dub_subtitles: {error}", file=sys.stderr)
        return 2
    for line, subtitle in zip(done.lines, subtitles, strict=True):
        print(f"{line.insert_ms / 1000:.2f} s  face {line.face_id}  {subtitle.text}")
    for warning in [*warnings, *done.warnings]:
        print(f"warning: {warning}", file=sys.stderr)
    print(done.path)
    return 0


def _ms(parts: Sequence[str]) -> int:
    hours, minutes, seconds = (int(part) for part in parts[:3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(parts[3].ljust(3, "0"))


if __name__ == "__main__":
    sys.exit(main())
