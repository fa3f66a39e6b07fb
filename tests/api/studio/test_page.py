from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

import pytest

from lipwright.api.studio.page import assets

MODULES = sorted(name for name in assets() if name.endswith(".js"))


def policy(answer: Any) -> dict[str, list[str]]:
    words = answer.headers["Content-Security-Policy"].split(";")
    return {name: rest for name, *rest in (word.split() for word in words)}


def test_the_front_is_the_studio(api: Any) -> None:
    answer = api.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<title>" in answer.text


def test_nothing_but_our_own_files_may_run(api: Any) -> None:
    for path in ("/", "/studio/js/main.js"):
        answer = api.client.get(path)
        rules = policy(answer)
        assert rules["default-src"] == ["'none'"]
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == ["'self'"]
        assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
        assert not re.search(r"unsafe|https?:|\*", answer.headers["Content-Security-Policy"])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_page_has_nothing_inline() -> None:
    text = assets()["index.html"].content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("name", sorted(assets()))
def test_no_file_names_another_host(name: str) -> None:
    text = assets()[name].content.decode()
    hosts = set(re.findall(r"(?:https?:)?//([a-z0-9-]+\.[a-z0-9.-]+)", text))
    assert hosts <= {"www.w3.org", "example.com"}


@pytest.mark.parametrize("name", MODULES)
def test_every_import_is_there(name: str) -> None:
    text = assets()[name].content.decode()
    for target in re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""", text):
        parts: list[str] = []
        for part in (PurePosixPath(name).parent / target).parts:
            parts = parts[:-1] if part == ".." else [*parts, part]
        assert "/".join(parts) in assets(), target


def test_the_page_asks_for_all_modules_at_once() -> None:
    text = assets()["index.html"].content.decode()
    hinted = re.findall(r'<link rel="modulepreload" href="/studio/([^"]+)"', text)
    # The two dictionaries are loaded as they are needed.
    assert sorted(hinted) == [name for name in MODULES if "/words/" not in name]


def test_files_are_packed_and_asked_for_once(api: Any) -> None:
    answer = api.client.get("/studio/js/main.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.content == assets()["js/main.js"].content
    again = api.client.get(
        "/studio/js/main.js",
        headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    plain = api.client.get("/studio/js/main.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("path", ["x.js", "../page.py", "%2e%2e/page.py", "", "js", "page.py"])
def test_nothing_else_is_served(api: Any, path: str) -> None:
    answer = api.client.get(f"/studio/{path}")
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_route")


def test_both_languages_say_the_same_things() -> None:
    keys = {}
    for language in ("en", "zh"):
        text = assets()[f"js/words/{language}.js"].content.decode()
        keys[language] = re.findall(r'^  "?([\w.]+)"?:', text, re.MULTILINE)
        assert len(keys[language]) == len(set(keys[language]))
    assert keys["en"] == keys["zh"]


def test_every_word_that_is_used_is_in_the_dictionaries() -> None:
    known = set(
        re.findall(r'^  "?([\w.]+)"?:', assets()["js/words/en.js"].content.decode(), re.MULTILINE)
    )
    for name in MODULES:
        text = assets()[name].content.decode()
        used = set(re.findall(r"""\bt\(\s*["']([\w.]+)["']""", text))
        assert used <= known, (name, used - known)


def test_every_refusal_of_a_place_has_words() -> None:
    words = assets()["js/words/en.js"].content.decode()
    reasons = re.findall(r'"([a-z]+_[a-z_]+)"', assets()["js/placement.js"].content.decode())
    assert len(set(reasons)) >= 9
    assert {reason for reason in reasons if f'"reason.{reason}"' not in words} == set()
