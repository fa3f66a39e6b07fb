"""What the site has beside docs/: pages from elsewhere in the repository, and pages from code.

MkDocs calls these functions (`hooks` in mkdocs.yml). Pages that GitHub or an editor shows as well
keep their links relative to the repository; here those links are turned to where the site has
the page, and into plain text where it has none.
"""

from __future__ import annotations

import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from api_reference import openapi_document, reference_page
from licences import python_table, weights_table
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]

PAGES_FROM_ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "src/lipwright/speech/MODEL_CARD.md": "model-card.md",
}
LOGO = ROOT / "src" / "lipwright" / "api" / "studio" / "assets" / "favicon.svg"
HOMES = {"README.md": "index.md"} | PAGES_FROM_ELSEWHERE
ORIGINS = {page: origin for origin, page in PAGES_FROM_ELSEWHERE.items()}

TABLES = {"python": python_table, "weights": weights_table}

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)")
_TABLE = re.compile(r"<!-- table: ([a-z]+) -->")


def on_files(files: Any, config: Any) -> Any:
    """Add what docs/ does not hold."""
    for origin, page in PAGES_FROM_ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / origin).read_text()))
    files.append(File.generated(config, "images/logo.svg", content=LOGO.read_text()))
    document = openapi_document()
    files.append(File.generated(config, "reference.md", content=reference_page(document)))
    files.append(File.generated(config, "openapi.json", content=json.dumps(document, indent=1)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links and put the tables in."""
    uri: str = page.file.src_uri
    origin = ORIGINS.get(uri, f"docs/{uri}")
    turned = _LINK.sub(lambda match: link_on_the_site(match, origin, uri), markdown)
    return _TABLE.sub(lambda match: TABLES[match[1]](), turned)


def link_on_the_site(match: re.Match[str], origin: str, page: str) -> str:
    """The same link, from a page of the site rather than from a file of the repository."""
    words, target, anchor = match[1], match[2], match[3] or ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
    if path in HOMES:
        home = HOMES[path]
    elif path.startswith("docs/"):
        home = path.removeprefix("docs/")
    elif (ROOT / path).exists():
        return words if words.strip("`") == path else f"{words} (`{path}`)"
    else:
        return match[0]  # MkDocs says what is wrong with it
    return f"[{words}]({posixpath.relpath(home, posixpath.dirname(page) or '.')}{anchor})"


def on_post_build(config: Any) -> None:
    """Refuse a site that makes a browser load something from another host."""
    site = Path(config["site_dir"])
    loads = [
        f"{page.relative_to(site)}: {address}"
        for page in sorted(site.rglob("*.html"))
        for address in loaded_by(page.read_text())
    ]
    for sheet in sorted(site.rglob("*.css")):
        found = re.findall(r"(?:url\(|@import )['\"]?((?:https?:)?//[^'\")]+)", sheet.read_text())
        loads += [f"{sheet.relative_to(site)}: {address}" for address in found]
    if loads:
        raise PluginError("loaded from other hosts: " + ", ".join(loads))


class Loads(HTMLParser):
    """Gathers the addresses on other hosts that a page loads by itself; links are none."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        values = dict(attrs)
        addresses = [values.get(name) for name in ("src", "srcset", "data", "poster")]
        if tag == "link" and values.get("rel") not in ("canonical", "next", "prev"):
            addresses.append(values.get("href"))
        self.found += [
            address
            for address in addresses
            if address and address.startswith(("http://", "https://", "//"))
        ]


def loaded_by(page: str) -> list[str]:
    """The addresses on other hosts that a page loads."""
    parser = Loads()
    parser.feed(page)
    return parser.found
