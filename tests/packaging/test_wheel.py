"""What `pip install .` makes: small, complete, and the same from a clone, a copy and an sdist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_BYTES = 5_000_000
BUILT_FROM = ("src", "README.md", "LICENSE", "pyproject.toml")


def build_wheel(source: Path, folder: Path) -> Path:
    """Build as pip does, with the backend that is installed here."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("*.whl")
    return wheel


def metadata_of(wheel: Path) -> dict[str, list[str]]:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        message = Parser().parsestr(archive.read(name).decode())
    return {key: message.get_all(key, []) for key in message.keys()}  # noqa: SIM118


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's files without its history, as somebody gets them who has no git."""
    folder = tmp_path_factory.mktemp("copy")
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = about["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    for name in {*BUILT_FROM, *shipped}:
        path = ROOT / name
        if path.is_dir():
            caches = shutil.ignore_patterns("__pycache__", "node_modules", "cache")
            shutil.copytree(path, folder / name, ignore=caches)
        else:
            shutil.copy(path, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(copy, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_is_small_and_for_every_machine(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = ROOT / "src"
    files = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == files


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    about = metadata_of(wheel)
    assert about["License-Expression"] == ["Apache-2.0"]
    assert about["Requires-Python"] == [">=3.11"]
    assert "c2pa" in about["Provides-Extra"]
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_without_history_there_is_a_version_all_the_same(wheel: Path) -> None:
    assert metadata_of(wheel)["Version"] == ["0.1.dev0"]


def test_the_version_is_the_tags(copy: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in BUILT_FROM:
        (shutil.copytree if (copy / name).is_dir() else shutil.copy)(copy / name, clone / name)
    git(clone, "init", "--quiet")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "All")
    untagged = metadata_of(build_wheel(clone, tmp_path / "untagged"))["Version"][0]
    assert re.fullmatch(r"0\.1\.dev1\+g[0-9a-f]+", untagged)
    git(clone, "tag", "v7.8.9")
    assert metadata_of(build_wheel(clone, tmp_path / "tagged"))["Version"] == ["7.8.9"]


def test_a_wheel_can_be_built_from_the_sdist(copy: Path, wheel: Path, tmp_path: Path) -> None:
    code = "from hatchling.build import build_sdist; print(build_sdist('.'))"
    code = f"import os; os.chdir({str(copy)!r}); {code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [sdist] = (copy / ".").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    sdist.unlink()
    [unpacked] = tmp_path.glob("lipwright-*")
    assert (unpacked / "tests" / "packaging" / "test_wheel.py").is_file()
    again = build_wheel(unpacked, tmp_path / "again")
    assert again.read_bytes() == wheel.read_bytes()


def test_the_installed_wheel_runs(
    wheel: Path, portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    """In an environment of its own, with the dependencies of this one."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    bin_folder = environment / ("Scripts" if os.name == "nt" else "bin")
    command = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), "install"]
    command += ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(command, check=True)
    [site] = environment.rglob("site-packages")
    # Not as a .pth file, which would also bring in this environment's own lipwright.
    path = os.pathsep.join([str(site), *(entry for entry in sys.path if "site-packages" in entry)])
    shutil.copy(portrait_clip, tmp_path / "interview.mp4")
    shutil.copy(spoken_line, tmp_path / "line.wav")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [bin_folder / "lipwright", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("--version") == "lipwright 0.1.dev0\n"
    run("sync", "interview.mp4", "--speech", "line.wav", "-o", "out.mp4")
    assert (tmp_path / "out.mp4").stat().st_size > 10_000


def git(folder: Path, *arguments: str) -> None:
    """Run git as nobody in particular."""
    who = {"NAME": "nobody", "EMAIL": "nobody@example.com"}
    names = {
        f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()
    }
    subprocess.run(["git", *arguments], cwd=folder, check=True, env=os.environ | names)
