from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lipwright.store.clock import now_ms
from lipwright.store.signing import SEAL_BYTES, BadTokenError, FileSeal, Signer, load_secret

KEY = "accounts/default/results/1.mp4"


def test_a_token_opens_its_key_and_is_one_path_segment() -> None:
    token = Signer(b"secret").sign(KEY, now_ms() + 1000)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert Signer(b"secret").verify(token) == KEY


def test_equal_arguments_give_equal_tokens() -> None:
    assert Signer(b"s").sign(KEY, 5_000) == Signer(b"s").sign(KEY, 5_000)


def test_expired_tokens_open_nothing() -> None:
    with pytest.raises(BadTokenError, match="expired"):
        Signer(b"secret").verify(Signer(b"secret").sign(KEY, now_ms() - 1))


def test_every_changed_character_spoils_a_token() -> None:
    signer = Signer(b"secret")
    token = signer.sign("key1", now_ms() + 60_000)
    for at, letter in enumerate(token[:-1]):
        changed = token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :]
        with pytest.raises(BadTokenError):
            signer.verify(changed)


@pytest.mark.parametrize("token", ["", "a", "AAAA", "ä", "====", "A" * 1000])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(BadTokenError):
        Signer(b"secret").verify(token)


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(BadTokenError):
        Signer(b"other").verify(Signer(b"secret").sign(KEY, now_ms() + 1000))


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    secret = load_secret(path)
    assert len(secret) >= 43
    assert load_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from lipwright.store.signing import load_secret\n"
        "print(load_secret(Path(sys.argv[1])).decode())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "secret")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    assert len({process.communicate()[0] for process in processes}) == 1


def test_a_seal_is_of_one_file_under_one_key_by_one_server(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 2_500_000)
    seal = FileSeal(b"secret").of(KEY, path)
    assert len(seal) == SEAL_BYTES
    assert FileSeal(b"secret").of(KEY, path) == seal
    assert FileSeal(b"other").of(KEY, path) != seal
    assert FileSeal(b"secret").of(f"{KEY}x", path) != seal
    path.write_bytes(b"x" * 2_499_999 + b"y")
    assert FileSeal(b"secret").of(KEY, path) != seal
    # What is key and what is file cannot be moved from one to the other.
    path.write_bytes(b"b")
    one = FileSeal(b"secret").of("a", path)
    path.write_bytes(b"")
    assert FileSeal(b"secret").of("ab", path) != one
