from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import av
import pytest
from media_clips import Clip, make

from lipwright.errors import FailedError
from lipwright.media.manifest import SOURCE_ASSERTION, sign
from lipwright.media.provenance import SOURCE_TYPE, mark, read_mark
from lipwright.settings import Settings
from lipwright.store.certificates import SigningCertificate, signing_certificate

c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")

HASH = "5e" * 32


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> SigningCertificate:
    folder = tmp_path_factory.mktemp("data")
    return signing_certificate(Settings(_env_file=None, data_dir=folder))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = make(tmp_path / "result.mp4", Clip(muxer={"movflags": "+faststart"}))
    mark(path)
    return path


def read(content: bytes) -> tuple[str, dict[str, Any], set[str]]:
    """What the library's reader says: its verdict, the manifest, and what failed."""
    with c2pa.Reader("video/mp4", io.BytesIO(content)) as reader:
        report = json.loads(reader.json())
        verdict = reader.get_validation_state()
    [manifest] = report["manifests"].values()
    return verdict, manifest, {entry["code"] for entry in report.get("validation_status", ())}


def test_the_librarys_reader_finds_tool_source_and_a_valid_signature(
    video: Path, certificate: SigningCertificate
) -> None:
    sign(video, certificate.chain, certificate.key, source_sha256=HASH, title="task 1")
    verdict, manifest, faults = read(video.read_bytes())
    assert verdict == "Valid"
    # All that is wrong with a development certificate: nobody else knows who vouches for it.
    assert faults == {"signingCredential.untrusted"}
    assert manifest["claim_generator_info"][0]["name"] == "lipwright"
    assert manifest["title"] == "task 1"
    assertions = {entry["label"]: entry["data"] for entry in manifest["assertions"]}
    assert assertions[SOURCE_ASSERTION] == {"alg": "sha256", "hash": HASH}
    actions = {entry["action"]: entry for entry in assertions["c2pa.actions.v2"]["actions"]}
    assert set(actions) == {"c2pa.opened", "c2pa.edited"}
    assert actions["c2pa.edited"]["digitalSourceType"] == SOURCE_TYPE


def test_the_picture_the_mark_and_faststart_survive(
    video: Path, certificate: SigningCertificate
) -> None:
    sign(video, certificate.chain, certificate.key, source_sha256=HASH, title="t")
    assert read_mark(video) is not None
    content = video.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(video)) as container:
        assert len(list(container.decode(video=0))) == 20
    assert [path.name for path in video.parent.iterdir()] == ["result.mp4"]


def test_a_changed_picture_breaks_the_signature(
    video: Path, certificate: SigningCertificate
) -> None:
    sign(video, certificate.chain, certificate.key, source_sha256=HASH, title="t")
    content = bytearray(video.read_bytes())
    content[content.index(b"mdat") + 100] ^= 1
    verdict, _, faults = read(bytes(content))
    assert verdict == "Invalid"
    assert "assertion.bmffHash.mismatch" in faults


@pytest.mark.parametrize("kind", ["P-384", "RSA", "Ed25519"])
def test_keys_of_other_kinds_are_recognised(kind: str) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    from lipwright.media.manifest import _algorithm

    made: Any = {
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]()
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    assert _algorithm(pem) == {"P-384": b"es384", "RSA": b"ps256", "Ed25519": b"ed25519"}[kind]


@pytest.mark.parametrize("part", ["chain", "key"])
def test_a_wrong_certificate_is_a_failure_and_leaves_the_file(
    video: Path, certificate: SigningCertificate, part: str
) -> None:
    before = video.read_bytes()
    given = {"chain": certificate.chain, "key": certificate.key, part: b"rubbish"}
    with pytest.raises(FailedError) as caught:
        sign(video, given["chain"], given["key"], source_sha256=HASH, title="t")
    assert caught.value.reason == "c2pa"
    assert video.read_bytes() == before
    assert [path.name for path in video.parent.iterdir()] == ["result.mp4"]
