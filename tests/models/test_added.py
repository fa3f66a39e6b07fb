from __future__ import annotations

import hashlib
import json

import pytest

from lipwright.errors import BadInputError, FailedError
from lipwright.models import added as room
from lipwright.models.added import (
    UNKNOWN_LICENCE,
    add_model,
    added_path,
    added_state,
    check_added,
    find_added,
    require_added,
)
from lipwright.models.store import MODELS_DIR_VARIABLE, FileState

CONTENT = b"weights" * 1000


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


def test_a_copy_is_kept_with_hash_and_licence(folder, source):
    model = add_model(folder, "wav2lip", source, " CC BY-NC 4.0 ", "faces 96x96")
    assert model.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (model.licence, model.size, model.origin) == ("CC BY-NC 4.0", len(CONTENT), "mine.onnx")
    assert find_added(folder, "wav2lip") == model
    assert added_path(folder, "wav2lip").read_bytes() == CONTENT
    source.unlink()
    assert added_state(folder, "wav2lip", thorough=True) is FileState.OK
    assert {path.name for path in (folder / "wav2lip").iterdir()} == {"wav2lip.onnx", "added.json"}


def test_a_second_one_takes_its_place(folder, source):
    add_model(folder, "wav2lip", source, "MIT", "")
    source.write_bytes(b"other")
    add_model(folder, "wav2lip", source, "", "")
    assert added_path(folder, "wav2lip").read_bytes() == b"other"
    assert find_added(folder, "wav2lip").licence == UNKNOWN_LICENCE
    assert added_state(folder, "wav2lip", thorough=True) is FileState.OK


def test_what_is_not_what_was_added_is_noticed(folder, source):
    assert added_state(folder, "wav2lip") is FileState.MISSING
    add_model(folder, "wav2lip", source, "MIT", "")
    path = added_path(folder, "wav2lip")
    path.write_bytes(CONTENT[::-1])
    assert added_state(folder, "wav2lip") is FileState.OK
    assert added_state(folder, "wav2lip", thorough=True) is FileState.WRONG
    path.write_bytes(CONTENT[:-1])
    assert added_state(folder, "wav2lip") is FileState.WRONG
    with pytest.raises(BadInputError, match="not those that were added"):
        check_added("wav2lip", folder)
    path.unlink()
    assert added_state(folder, "wav2lip") is FileState.MISSING


@pytest.mark.parametrize("record", ["", "[]", "{}", json.dumps({"name": "wav2lip", "more": 1})])
def test_a_broken_record_counts_as_none(folder, source, record):
    add_model(folder, "wav2lip", source, "MIT", "")
    (folder / "wav2lip" / "added.json").write_text(record)
    assert find_added(folder, "wav2lip") is None
    assert added_state(folder, "wav2lip") is FileState.MISSING


def test_a_folder_that_cannot_be_written_to(tmp_path, source):
    (tmp_path / "file").write_text("")
    with pytest.raises(FailedError) as failed:
        add_model(tmp_path / "file", "wav2lip", source, "MIT", "")
    assert failed.value.reason == "models_unavailable"


def test_what_is_missing_is_told_with_what_to_do(folder, source, monkeypatch):
    monkeypatch.setenv(MODELS_DIR_VARIABLE, str(folder))
    with pytest.raises(BadInputError) as refused:
        require_added("wav2lip")
    assert (refused.value.field, refused.value.reason) == ("engine", "no_weights")
    assert "lipwright models add wav2lip FILE.onnx" in refused.value.detail
    add_model(folder, "wav2lip", source, "MIT", "")
    assert require_added("wav2lip") == added_path(folder, "wav2lip")
    monkeypatch.setattr(room, "find_spec", lambda name: None)
    with pytest.raises(BadInputError, match=r"lipwright\[neural\]"):
        check_added("wav2lip", folder)
    check_added("mesh", folder)
