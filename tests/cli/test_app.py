from __future__ import annotations

import json
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
    commands = ("sync", "faces", "batch", "watch", "curve", "eval")
    for command in (*commands, "serve", "worker", "models", "keys", "accounts"):
        assert re.search(rf"\b{command}\b", shown)


@pytest.mark.parametrize("command", ["", "sync", "faces", "batch", "watch", "curve", "eval"])
def test_help_waits_for_nothing_heavy(command: str) -> None:
    program = textwrap.dedent(
        """
        import sys
        before = {name.partition(".")[0] for name in sys.modules}
        from lipwright.cli.app import run
        run(sys.argv[1:])
        allowed = {
            # The command line itself, what it stands on, and nothing else.
            "lipwright", "typer", "rich", "markdown_it", "mdurl", "pygments", "shellingham",
            "typing_extensions", "annotated_doc", "annotationlib", "click", "colorama", "attr",
        }
        if sys.argv[1] != "--help":
            # Typer reads options with it.
            allowed |= {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
        found = {n.partition(".")[0] for n in sys.modules if not n.startswith("_sysconfig")}
        ours = {n for n in sys.modules if n.startswith("lipwright.")}
        wrong = found - before - set(sys.stdlib_module_names) - allowed
        wrong |= {n for n in ours if n.split(".")[1] not in ("cli", "errors")}
        sys.exit(", ".join(sorted(wrong)) or 0)
        """
    )
    order = [sys.executable, "-c", program, *command.split(), "--help"]
    done = subprocess.run(order, capture_output=True, text=True)
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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lipwright")],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "_LIPWRIGHT_COMPLETE": f"source_{shell}"},
    )
    assert done.returncode == 0
    assert "_LIPWRIGHT_COMPLETE=complete_" in done.stdout
    assert "lipwright" in done.stdout


def test_the_script_completes_commands_and_options() -> None:
    def completed(*words: str) -> set[str]:
        done = subprocess.run(
            [Path(sys.executable).with_name("lipwright")],
            capture_output=True,
            text=True,
            env={
                "PATH": "/usr/bin:/bin",
                "_LIPWRIGHT_COMPLETE": "complete_bash",
                "COMP_WORDS": " ".join(words),
                "COMP_CWORD": str(len(words) - 1),
            },
        )
        return set(done.stdout.split())

    assert completed("lipwright", "wa") == {"watch"}
    assert {"--speech", "--speech-start", "--speech-volume"} <= completed(
        "lipwright", "sync", "--speech"
    )


def test_who_asks_for_json_gets_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["faces", "nowhere.mp4", "--json"]) == 2
    shown = capsys.readouterr()
    said = json.loads(shown.out)["error"]
    assert (said["reason"], said["field"]) == ("usage", None)
    assert shown.err == f"lipwright: {said['message']}\n"


@pytest.mark.parametrize("command", ["sync", "faces", "batch", "watch", "curve"])
def test_the_page_names_every_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert run([command, "--help"]) == 0
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help", "--output"}
    assert options
    assert {option for option in options if option not in page} == set()


def test_what_the_system_refuses_is_one_line(
    portrait_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert run(["faces", str(portrait_clip), "--images", str(tmp_path / "file" / "faces")]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"lipwright: {tmp_path / 'file'}")
    assert shown.err.count("\n") == 1
