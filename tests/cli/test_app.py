from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import lipwright
from lipwright.cli.app import run


def lipwright_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lipwright", *arguments], capture_output=True, text=True
    )


def test_the_installed_command_is_this_one() -> None:
    command = Path(sys.executable).with_name("lipwright")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True)
    assert shown.returncode == 0
    assert shown.stdout == f"lipwright {lipwright.__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_names_every_command(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    for command in ("sync", "faces", "serve", "worker", "models", "keys"):
        assert re.search(rf"\b{command}\b", shown)


def test_help_waits_for_nothing_heavy() -> None:
    program = textwrap.dedent(
        """
        import sys
        from lipwright.cli.app import run
        run(["--help"])
        heavy = {"numpy", "av", "cv2", "pydantic", "fastapi", "sqlalchemy", "httpx", "dbos"}
        sys.exit(", ".join(heavy & set(sys.modules)) or 0)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["sync"], "Missing argument 'VIDEO'"),
        (["dub"], "No such command 'dub'"),
        (["faces", "nowhere.mp4"], "does not exist"),
        (["faces", "--wrong"], "No such option: --wrong"),
        (["models", "pull", "other"], "there are no weights other"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("lipwright: ")
    assert reason in shown.err
    assert shown.err.count("\n") == 1


def test_exit_codes_reach_the_shell() -> None:
    done = lipwright_process("faces", "nowhere.mp4")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert lipwright_process("--version").returncode == 0


def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIPWRIGHT_PORT", "many")
    assert run(["keys", "list"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("lipwright: LIPWRIGHT_PORT: ")
    assert shown.count("\n") == 1


def test_a_wrong_option_is_named_as_typed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--port", "70000"]) == 2
    assert capsys.readouterr().err.startswith("lipwright: --port: ")
