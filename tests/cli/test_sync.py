from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
import wave
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data

import lipwright
from lipwright.cli.app import run
from lipwright.errors import BadInputError
from lipwright.media.probe import probe


def test_makes_the_file_and_says_where(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mp4"
    assert (
        run(
            [
                "sync",
                str(portrait_clip),
                *("--speech", str(spoken_line)),
                *("-o", str(out)),
                *("--face", "0"),
                *("--at", "500"),
                *("--speech-start", "100"),
                *("--speech-end", "1500"),
                *("--speech-volume", "0.5"),
                *("--original-volume", "2"),
                *("--engine", "mesh"),
                "--preview",
                "--json",
            ]
        )
        == 0
    )
    shown = capsys.readouterr()
    line = {"face_id": "0", "insert_ms": 500, "speech_start_ms": 100, "speech_end_ms": 1500}
    sheet = tmp_path / "out-preview.jpg"
    assert json.loads(shown.out) == {
        "path": str(out),
        "duration_ms": 2000,
        "frame_count": 50,
        **line,
        "lines": [line],
        "warnings": [],
        "preview": str(sheet),
    }
    assert shown.out.count("\n") == 1
    assert shown.err == f"lipwright: preview: {sheet}\n"
    assert probe(out).duration_ms == 2000
    assert sheet.read_bytes().startswith(b"\xff\xd8")


def test_several_lines_in_one_call(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short, out = tmp_path / "a:b@1.wav", tmp_path / "out.mp4"
    short.symlink_to(spoken_line)
    order = ["sync", str(portrait_clip), "-o", str(out), "--json"]
    code = run([*order, "--line", f"0:{short}@1200", "--line", str(short)])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["error"]["field"]) == (2, "insert")
    assert "line number 2" in said["error"]["message"]
    pieces = [tmp_path / "one.wav", tmp_path / "two.wav"]
    for piece, length in zip(pieces, (0.6, 0.7), strict=True):
        write_start_of(spoken_line, piece, length)
    lines = [f"0:{pieces[0]}@100", str(pieces[1])]
    assert run([*order, "--line", lines[0], "--line", lines[1]]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(one["insert_ms"], one["speech_end_ms"]) for one in said["lines"]] == [
        (100, 600),
        (700, 700),
    ]


def write_start_of(speech: Path, path: Path, seconds: float) -> None:
    with wave.open(str(speech)) as file, wave.open(str(path), "wb") as out:
        out.setparams(file.getparams())
        out.writeframes(file.readframes(round(seconds * file.getframerate())))


def test_a_warning_does_not_mix_with_the_result(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mp4"
    code = run(["sync", str(portrait_clip), "--speech", str(spoken_line), "-o", str(out)])
    shown = capsys.readouterr()
    assert code == 0
    assert shown.out == f"{out}\n"
    assert "the speech is cut at 2000 ms" in shown.err


@pytest.mark.parametrize(
    ("options", "begin"),
    [
        (["--at", "5000"], "lipwright: --at: "),
        (["--face", "9"], "lipwright: --face: "),
        (["--speech-end", "99999"], "lipwright: --speech-end: "),
        (["--original-volume", "3"], "lipwright: --original-volume: "),
        (["--at", "soon"], "lipwright: Invalid value for '--at'"),
        (["--transcript", "@/no/such/file"], "lipwright: Invalid value for '--transcript'"),
        (["--transcript", "a", "--transcript", "b"], "lipwright: Invalid value for '--transcript'"),
        (["--line", "0:x.wav"], "lipwright: Invalid value for '--speech': give either"),
        (["--engine", "other"], "lipwright: --engine: must be one of"),
        (["--preview-to", "sheet.gif"], "lipwright: --preview-to: must end in .png"),
        (["--json", "-o", "-"], "lipwright: Invalid value for '--json'"),
    ],
)
def test_bad_input_is_one_line_in_terms_of_the_options(
    options: list[str],
    begin: str,
    portrait_clip: Path,
    spoken_line: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.mp4"
    code = run(["sync", str(portrait_clip), "--speech", str(spoken_line), "-o", str(out), *options])
    shown = capsys.readouterr()
    assert code == 2
    assert shown.err.startswith(begin)
    assert shown.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("in_a_file", [False, True])
def test_a_transcript_is_text_or_a_file(
    in_a_file: bool,
    portrait_clip: Path,
    spoken_line: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def record(video: Path, cues: list[lipwright.Cue], *_: object, **__: object) -> None:
        seen.extend(cue.transcript for cue in cues)
        raise BadInputError("video", "enough", "seen enough")

    monkeypatch.setattr(lipwright, "dub", record)
    text = "We both bought a\nbig caf\u00e9."
    file = tmp_path / "said.txt"
    file.write_text(text, encoding="utf-8")
    given = f"@{file}" if in_a_file else text
    options = ["--speech", str(spoken_line), "-o", str(tmp_path / "o.mp4"), "--transcript", given]
    assert run(["sync", str(portrait_clip), *options]) == 2
    assert seen == [text]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "give either --speech or --line"),
        (["--line", "none.wav"], "there is no file none.wav"),
        (["--line", '"none.wav'], "not closed"),
        (["--line", "-", "--at", "5"], "'--at': goes with --speech"),
        (["--line", "-", "--line", "-"], "only one input can be -"),
    ],
)
def test_lines_that_cannot_be(
    options: list[str],
    reason: str,
    portrait_clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["sync", str(portrait_clip), "-o", str(tmp_path / "o.mp4"), *options]) == 2
    shown = capsys.readouterr()
    assert reason in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)


def test_longer_and_larger_than_the_api_allows(
    spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seventy seconds, 2304 pixels wide and 448 high: nothing of it is in the API's limits."""
    face = cv2.resize(skimage.data.astronaut()[16:240, 112:336], (448, 448))
    picture = np.full((448, 2304, 3), 90, np.uint8)
    picture[:, 900:1348] = face
    film, out = tmp_path / "film.mp4", tmp_path / "out.mp4"
    with av.open(str(film), "w") as container:
        stream = container.add_stream(
            "libx264", rate=Fraction(1, 5), options={"preset": "ultrafast"}
        )
        stream.width, stream.height, stream.pix_fmt = 2304, 448, "yuv420p"
        for _ in range(14):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    order = ["--speech", str(spoken_line), "--at", "57000", "-o", str(out), "--json"]
    assert run(["sync", str(film), *order]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["duration_ms"], said["speech_end_ms"]) == (70_000, 4051)
    assert (probe(out).width, probe(out).duration_ms) == (2304, 70_000)


def test_a_file_that_is_no_video(
    spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "fake.mp4"
    fake.write_text("not a video")
    assert (
        run(["sync", str(fake), "--speech", str(spoken_line), "-o", str(tmp_path / "o.mp4")]) == 2
    )
    shown = capsys.readouterr()
    assert shown.err.startswith("lipwright: video: ")
    assert shown.err.count("\n") == 1


def test_a_terminal_sees_progress_and_no_native_chatter(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lipwright", "sync", str(portrait_clip)]
    command += ["--speech", str(spoken_line), "-o", str(tmp_path / "out.mp4")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:
        pass  # How Linux says that the other end was closed.
    os.close(ours)
    assert process.communicate()[0].decode().strip() == str(tmp_path / "out.mp4")
    assert process.returncode == 0
    assert b"%" in seen
    assert b"INFO" not in seen


def test_ctrl_c_leaves_nothing_behind(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "lipwright", "sync", str(portrait_clip)]
    command += ["--speech", str(spoken_line), "-o", str(tmp_path / "out.mp4")]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Shells start background jobs, and so a test run, with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 180
    while not list(tmp_path.iterdir()) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 130
    assert err == b"lipwright: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_signs_with_the_users_own_certificate_and_no_other(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
    from lipwright.settings import Settings
    from lipwright.store.certificates import signing_certificate

    made = signing_certificate(Settings(_env_file=None, data_dir=tmp_path / "other"))  # type: ignore[call-arg]
    (tmp_path / "chain.pem").write_bytes(made.chain)
    (tmp_path / "key.pem").write_bytes(made.key)
    monkeypatch.setenv("LIPWRIGHT_DATA_DIR", str(tmp_path / "data"))
    order = ["sync", str(portrait_clip), "--speech", str(spoken_line), "--speech-end", "1200"]
    assert run([*order, "-o", str(tmp_path / "plain.mp4")]) == 0
    monkeypatch.setenv("LIPWRIGHT_C2PA_CERT", str(tmp_path / "chain.pem"))
    monkeypatch.setenv("LIPWRIGHT_C2PA_KEY", str(tmp_path / "key.pem"))
    assert run([*order, "-o", str(tmp_path / "signed.mp4")]) == 0
    assert c2pa.Reader.try_create(tmp_path / "plain.mp4") is None
    with c2pa.Reader(tmp_path / "signed.mp4") as reader:
        assert reader.get_validation_state() == "Valid"
    assert not (tmp_path / "data").exists()
