"""A real browser on the real service."""

from __future__ import annotations

import base64
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(__file__).with_name("axe.min.js").read_text()
SERIOUS = ("serious", "critical")
_FAULTS = """async (only, serious) => {
    const options = { resultTypes: ["violations"] };
    if (only) options.runOnly = only;
    const { violations } = await axe.run(document, options);
    return violations.filter((one) => serious.includes(one.impact)).flatMap((one) =>
        one.nodes.map((node) => `${one.id}: ${node.html} ${node.failureSummary}`));
}"""


@pytest.fixture(scope="module")
def browser(line: Path) -> Iterator[Any]:
    """Chromium without a window. It ends with its module: while it runs, this thread has an
    event loop, which other tests must not find.
    """
    path = os.environ.get("LIPWRIGHT_BROWSER") or next(
        filter(None, map(shutil.which, BROWSERS)), ""
    )
    reason = "" if path else "no Chromium on the path; set LIPWRIGHT_BROWSER to one"
    try:
        from playwright import sync_api
    except ImportError:
        reason = "playwright is not installed"
    if reason and os.environ.get("LIPWRIGHT_REQUIRE_BROWSER"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",  # it shows only our own page, and root has no sandbox
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={line}",
            ],
        )
        yield opened
        opened.close()


class Visit:
    """A page of the studio, and what went wrong in it."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        self.url = url
        self.context = browser.new_context(**{"locale": "en-GB", **options})
        self.context.set_default_timeout(300_000)
        self.page = self.context.new_page()
        self.wrongs: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.wrongs.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url + "/")

    def _console(self, message: Any) -> None:
        # Refusals by the service are shown in the page; a browser logs them besides.
        if message.type == "error" and "the server responded with a status" not in message.text:
            self.wrongs.append(message.text)

    def choose(self, selector: str, path: Path) -> None:
        self.page.set_input_files(f"{selector} input[type=file]", str(path))

    def drop(self, selector: str, path: Path) -> None:
        """Drop a file on an element, as from a folder's window."""
        content = base64.b64encode(path.read_bytes()).decode()
        transfer = self.page.evaluate_handle(
            """([content, name]) => {
                const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
                const transfer = new DataTransfer();
                transfer.items.add(new File([bytes], name));
                return transfer;
            }""",
            [content, path.name],
        )
        self.page.dispatch_event(selector, "drop", {"dataTransfer": transfer})

    def until(self, expression: str, within_s: float = 300) -> None:
        """Wait until an expression is true; the browser's own waiting would need eval."""
        deadline = time.monotonic() + within_s
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, expression
            self.page.wait_for_timeout(30)

    def soon(self, look: Callable[[], Any], within_s: float = 300) -> Any:
        """Look until there is something to see, and return it; the page takes its time to draw."""
        deadline = time.monotonic() + within_s
        while not (found := look()):
            assert time.monotonic() < deadline, "it did not come to pass"
            self.page.wait_for_timeout(30)
        return found

    def shows(self, selector: str, text: str) -> None:
        """Wait until an element has this text."""
        place = self.page.locator(selector)
        self.soon(lambda: place.count() > 0 and place.first.inner_text() == text)

    def counts(self, selector: str, number: int) -> None:
        """Wait until there are so many elements."""
        self.soon(lambda: self.page.locator(selector).count() == number)

    def faults(self) -> list[str]:
        """Return the serious faults of accessibility, in light and in dark."""
        found = []
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            only = None if scheme == "light" else ["color-contrast"]
            found += self.page.evaluate(
                f"([only, serious]) => {{ {AXE}; return ({_FAULTS})(only, serious); }}",
                [only, list(SERIOUS)],
            )
        return found

    def line(self) -> dict[str, Any]:
        """Return where the only line is, as the page would send it."""
        value: dict[str, Any] = self.page.evaluate(
            """() => {
                const { project } = document.querySelector("studio-workspace");
                return project.body([""]).face_choose[0];
            }"""
        )
        return value

    def close(self) -> None:
        """End it; nothing may have gone wrong, and nobody else may have been asked."""
        self.context.close()
        assert self.wrongs == []
        ours = re.escape(self.url)
        assert [url for url in self.asked if not re.match(rf"{ours}/|blob:{ours}/", url)] == []


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Open the studio of a service."""
    visits: list[Visit] = []

    def open_one(service: Any, **options: Any) -> Visit:
        visits.append(Visit(browser, service.url, **options))
        return visits[-1]

    yield open_one
    for one in visits:
        one.close()
