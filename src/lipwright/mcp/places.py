"""Which files an assistant may name."""

from __future__ import annotations

from pathlib import Path

from lipwright.mcp.values import DeskError


class Places:
    """Turns names into paths.

    Parameters
    ----------
    folder
        Relative names start here. With ``confined``, nothing outside of it is read or written.
    confined
        Whether that is so.
    """

    def __init__(self, folder: Path, *, confined: bool) -> None:
        self._folder = folder.resolve()
        self._confined = confined

    def source(self, name: str) -> Path:
        """Return a file that is there; raises `DeskError`."""
        path = self._path(name)
        if not path.is_file():
            raise DeskError(f"there is no file {name}")
        return path

    def target(self, name: str, video: Path) -> Path:
        """Return a file that is not there yet: nothing is ever overwritten.

        Without a name it lies beside the video.
        """
        if name:
            path = self._path(name)
            if path.suffix.lower() != ".mp4":
                raise DeskError(f"the output must end in .mp4; got {name}")
            if path.exists():
                raise DeskError(f"{name} is there already; choose another name")
            if not path.parent.is_dir():
                raise DeskError(f"there is no folder {path.parent}")
            return path
        path = video.with_name(f"{video.stem}-synced.mp4")
        number = 2
        while path.exists():
            path = video.with_name(f"{video.stem}-synced-{number}.mp4")
            number += 1
        return path

    def beside(self, video: Path) -> Path:
        """Return where a video would lie if it were here; one with a path of its own stays."""
        return self._folder / video

    def _path(self, name: str) -> Path:
        try:
            path = (self._folder / Path(name).expanduser()).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise DeskError(f"{name!r} is no file name") from error
        if self._confined and not path.is_relative_to(self._folder):
            raise DeskError(f"{name} is outside of {self._folder}, where this server must stay")
        return path
