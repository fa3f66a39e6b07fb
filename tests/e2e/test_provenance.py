"""What a finished result says of itself, through the real service and the library."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import av
import pytest

import lipwright
from lipwright.media.manifest import SOURCE_ASSERTION
from lipwright.media.provenance import SOURCE_TYPE, read_mark


@pytest.fixture(scope="module")
def result(service: Any, clip: Path, line: Path) -> bytes:
    choice = {
        "face_id": "0",
        "sound_file": service.upload(line),
        "sound_start_time": 0,
        "sound_end_time": 2000,
        "sound_insert_time": 1000,
    }
    session = service.identify(service.upload(clip))["session_id"]
    task = service.create({"session_id": session, "face_choose": [choice]})
    done = service.wait(task["task_id"], "succeed", "failed")
    assert done["task_status"] == "succeed", done
    content: bytes = service.client.get(done["task_result"]["videos"][0]["url"]).content
    return content


def test_the_services_result_is_marked_and_plays(result: bytes, tmp_path: Path) -> None:
    path = tmp_path / "result.mp4"
    path.write_bytes(result)
    packet = read_mark(path)
    assert packet is not None
    assert SOURCE_TYPE in packet
    assert result.index(b"moov") < result.index(b"mdat")
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == 150


def test_the_services_result_is_signed(result: bytes, clip: Path) -> None:
    c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
    with c2pa.Reader("video/mp4", io.BytesIO(result)) as reader:
        assert reader.get_validation_state() == "Valid"
        [manifest] = json.loads(reader.json())["manifests"].values()
    assertions = {entry["label"]: entry["data"] for entry in manifest["assertions"]}
    assert manifest["claim_generator_info"][0]["name"] == "lipwright"
    assert assertions[SOURCE_ASSERTION]["hash"] == hashlib.sha256(clip.read_bytes()).hexdigest()


def test_the_library_gives_the_same_bytes_for_the_same_inputs(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    made = []
    for name in ("one.mp4", "two.mp4"):
        done = lipwright.sync(portrait_clip, spoken_line, tmp_path / name, speech_end_ms=1500)
        made.append(done.path.read_bytes())
    assert made[0] == made[1]
    assert read_mark(tmp_path / "one.mp4") is not None
