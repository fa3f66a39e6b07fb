"""Write the pages of docs/ that are made from code, or check that they are fresh.

python scripts/write_docs.py [--check]
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

from pydantic.fields import FieldInfo

from lipwright.settings import ENV_PREFIX, Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"

SETTINGS_HEAD = """\
# Settings

Every setting is an environment variable, or a line of the same form in a file `.env` in the
folder that `lipwright` is started in; the environment wins. `--host`, `--port` and `--data-dir`
of `lipwright serve` win over both. This page is made from `src/lipwright/settings.py` by
`make docs`.

| variable | default | meaning |
|---|---|---|
"""


def main() -> None:
    """Write the pages, or fail if one is stale."""
    pages = {DOCS / "settings.md": settings_page()}
    for path, text in pages.items():
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.relative_to(DOCS.parent)} is stale: run make docs")


def settings_page() -> str:
    """All settings as a table."""
    rows = [
        f"| `{ENV_PREFIX}{name.upper()}` | {default_of(field)} | {meaning_of(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def default_of(field: FieldInfo) -> str:
    """The default as one would write it; nothing where the meaning says it in words."""
    default = field.default
    if field.default_factory is not None or default in (None, "", ()):
        return ""
    if isinstance(default, float) and default.is_integer():
        return f"`{default:.0f}`"
    return f"`{default}`" if isinstance(default, str | int | float | Decimal) else ""


def meaning_of(field: FieldInfo) -> str:
    """The description, safe inside a table."""
    return (field.description or "").replace("|", "\\|")


if __name__ == "__main__":
    main()
