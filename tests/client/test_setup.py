from __future__ import annotations

import subprocess
import sys

import jwt
import pytest

from lipwright.client import Client, UnusableError
from lipwright.client.answers import retry_after
from lipwright.client.credentials import TOKEN_S, KeyPair
from lipwright.client.offers import address_from, known_service


@pytest.mark.parametrize(
    ("url", "api", "root"),
    [
        ("http://127.0.0.1:8000", "", ""),
        ("http://127.0.0.1:8000/v1/", "", ""),
        ("http://127.0.0.1:8000/klingai/", "/klingai", ""),
        ("http://127.0.0.1:8000/lips/proxy/kling", "/lips/proxy/kling", "/lips"),
    ],
)
def test_addresses(url: str, api: str, root: str) -> None:
    address = address_from(url)
    assert address.videos("x") == f"http://127.0.0.1:8000{api}/v1/videos/x"
    assert address.own("healthz") == f"http://127.0.0.1:8000{root}/healthz"


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://h", "http://", "http://a:b@h", "http://h?x=1", "http://["]
)
def test_addresses_that_cannot_be_used(url: str) -> None:
    with pytest.raises(UnusableError):
        address_from(url)


def test_the_vendors_hosts_need_not_be_asked() -> None:
    for url in ("https://api-singapore.klingai.com", "https://api.302.ai/klingai"):
        assert known_service(address_from(url)) == "kling"
    assert known_service(address_from("https://notklingai.com")) == "auto"


@pytest.mark.parametrize(
    "keys",
    [
        {"access_key": "a"},
        {"secret_key": "b"},
        {"key": "k", "access_key": "a", "secret_key": "b"},
        {"key": "two words"},
        {"key": "line\r\nbreak"},
        {"service": "other"},
    ],
)
def test_keys_that_cannot_be_used(keys: dict[str, str]) -> None:
    with pytest.raises(UnusableError):
        Client("http://h", **keys)  # type: ignore[arg-type]


def test_a_token_is_used_until_shortly_before_its_end() -> None:
    now = 1_790_000_000.0
    secret = "s" * 32
    pair = KeyPair("ak", secret, lambda: now)
    first = pair.header()
    now += TOKEN_S - 121
    assert pair.header() == first
    now += 2
    second = pair.header()
    assert second != first
    options = {"verify_exp": False, "verify_nbf": False}
    claims = jwt.decode(second.split()[1], secret, algorithms=["HS256"], options=options)
    assert claims == {"iss": "ak", "exp": int(now) + TOKEN_S, "nbf": int(now) - 5}
    now -= 86_400  # the clock was set back
    assert pair.header() != second


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60.0),
        ("Wed, 21 Oct 2026 07:20:00 GMT", 0.0),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now_s=1792567620.0) == seconds


def test_importing_the_client_imports_nothing_heavy() -> None:
    code = (
        "import sys, lipwright.client; heavy = {'numpy', 'pydantic', 'av', 'cv2', 'fastapi', "
        "'sqlalchemy', 'jwt', 'typer'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
