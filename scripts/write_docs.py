"""Write the pages of docs/ that are made from code, or check that they are fresh.

python scripts/write_docs.py [--check]
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

from pydantic.fields import FieldInfo

from lipwright.api import reasons
from lipwright.api.kling.codes import CODES, CODES_OF_REASONS
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

ERRORS_HEAD = """\
# Errors

Every error, on every route, has the same body:

```json
{
  "code": 1201,
  "message": "video_url: must be at least 2 s long, it is 1.9 s",
  "request_id": "5f0c…",
  "reason": "too_short",
  "field": "video_url"
}
```

`code` and the HTTP status are Kling's; `message` is for people and may change; `reason` is a
stable word for programs; `field` is there where one field is wrong, by the name and place that
the caller gave it (`face_choose[0].sound_file`). `request_id` is also in the header
`X-Request-Id`, and in the service's log on every line about the request and about the task that
it made. A task that fails later has no code: its `task_status_msg` says why. This page is made
from `src/lipwright/api/reasons.py` and `src/lipwright/api/kling/codes.py` by `make docs`.

## Codes

A wrong video, sound or value is always 400 with code 1201. The others:

| kind | HTTP | code |
|---|---|---|
"""

REASON_TABLES = {
    "The request and the service": reasons.REQUEST_REASONS,
    "Videos and sounds": reasons.MEDIA_REASONS,
    "What is asked for": reasons.LINE_REASONS,
    "The work": reasons.WORK_REASONS,
    "Command line and library only": reasons.LOCAL_REASONS,
}


def main() -> None:
    """Write the pages, or fail if one is stale."""
    pages = {DOCS / "settings.md": settings_page(), DOCS / "errors.md": errors_page()}
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


def errors_page() -> str:
    """All codes and reasons as tables."""
    codes = [*CODES.items(), *CODES_OF_REASONS.items()]
    page = ERRORS_HEAD + "".join(
        f"| `{kind}` | {code.status} | {code.code} |\n" for kind, code in codes
    )
    for title, table in REASON_TABLES.items():
        page += f"\n## {title}\n\n| reason | meaning |\n|---|---|\n"
        page += "".join(f"| `{word}` | {meaning} |\n" for word, meaning in table.items())
    return page


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
