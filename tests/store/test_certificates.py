from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lipwright.errors import FailedError
from lipwright.settings import Settings
from lipwright.store.certificates import DEVELOPMENT_FILE, signing_certificate

x509 = pytest.importorskip("cryptography.x509", reason="the extra c2pa is not installed")


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, data_dir=folder / "data", **more)


def test_a_development_certificate_is_made_once_and_kept(tmp_path: Path) -> None:
    first = signing_certificate(settings(tmp_path))
    again = signing_certificate(settings(tmp_path))
    assert (first.chain, first.key) == (again.chain, again.key)
    signer, authority = x509.load_pem_x509_certificates(first.chain)
    signer.verify_directly_issued_by(authority)
    assert b"PRIVATE KEY" in first.key
    assert b"PRIVATE KEY" not in first.chain
    kept = tmp_path / "data" / DEVELOPMENT_FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == [DEVELOPMENT_FILE]


def test_those_who_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: signing_certificate(settings(tmp_path)), range(8)))
    assert len({one.chain for one in made}) == 1


def test_the_operators_own_goes_first(tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_bytes(b"his chain")
    (tmp_path / "key.pem").write_bytes(b"his key")
    given = settings(tmp_path, c2pa_cert=tmp_path / "chain.pem", c2pa_key=tmp_path / "key.pem")
    found = signing_certificate(given)
    assert (found.chain, found.key) == (b"his chain", b"his key")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("names", [{"c2pa_cert"}, {"c2pa_key"}, {"c2pa_cert", "c2pa_key"}])
def test_half_a_pair_or_a_missing_file_is_a_failure(tmp_path: Path, names: set[str]) -> None:
    given = settings(tmp_path, **{name: tmp_path / name for name in names})
    with pytest.raises(FailedError) as caught:
        signing_certificate(given)
    assert caught.value.reason == "c2pa"
