from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
                "--json",
            ]
        )
        == 0
    )
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {
        "path": str(out),
        "duration_ms": 2000,
        "frame_count": 50,
        "face_id": "0",
        "insert_ms": 500,
        "speech_start_ms": 100,
        "speech_end_ms": 1500,
        "warnings": [],
    }
    assert shown.err == ""
    assert probe(out).duration_ms == 2000


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

    def record(*_: object, transcript: str, **__: object) -> None:
        seen.append(transcript)
        raise BadInputError("video", "enough", "seen enough")

    monkeypatch.setattr(lipwright, "sync", record)
    text = "We both bought a\nbig caf\u00e9."
    file = tmp_path / "said.txt"
    file.write_text(text, encoding="utf-8")
    given = f"@{file}" if in_a_file else text
    options = ["--speech", str(spoken_line), "-o", str(tmp_path / "o.mp4"), "--transcript", given]
    assert run(["sync", str(portrait_clip), *options]) == 2
    assert seen == [text]


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
    deadline = time.monotonic() + 30
    while not list(tmp_path.iterdir()) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
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
