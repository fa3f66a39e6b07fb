"""Make a stranger's file name harmless without making it unreadable."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

MAX_CHARS = 80


def clean_name(name: str, fallback: str = "file") -> str:
    """Return the readable last part of a file name: no folders, no control or quoting characters.

    Parameters
    ----------
    name
        As the caller sent it, possibly with a path of any operating system.
    fallback
        What it is called if nothing is left.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        character
        if unicodedata.category(character)[0] not in "CZ" and character not in '<>:"|?*%;#&'
        else "_"
        for character in last
    ).strip("._ ")
    stem, dot, suffix = kept.rpartition(".")
    if not dot or len(suffix) > 8:
        return kept[:MAX_CHARS] or fallback
    return f"{stem[: MAX_CHARS - len(suffix) - 1] or fallback}.{suffix}"


def inline_disposition(name: str) -> str:
    """Return a Content-Disposition header that shows the file and names it for saving."""
    name = clean_name(name)
    plain = name.encode("ascii", "replace").decode("ascii").replace("?", "_").replace("'", "_")
    if plain == name:
        return f'inline; filename="{name}"'
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
