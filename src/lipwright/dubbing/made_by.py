"""What made a result: versions and the very code, so that what others made is not mistaken for it.

A version number alone would not do. Between two releases the code changes, and what an older
tracker saw must not be taken for what this one would see.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("lipwright", "numpy", "opencv-python-headless", "av", "ai-edge-litert")
_ROOMS: Final = ("dubbing", "faces", "media", "models", "render")
_SUFFIXES: Final = (".py", ".npy", ".npz")
_DIGITS: Final = 16


@cache
def made_by() -> str:
    """16 hex digits that stand for this code and the libraries that decide what it sees."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        try:
            digest.update(f"{package} {version(package)}\n".encode())
        except PackageNotFoundError:
            continue
    root = Path(__file__).parents[1]
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:_DIGITS]


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes as 64 hex digits; 20 MB take a hundredth of a second or two."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
