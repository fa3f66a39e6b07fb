from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.errors import BadInputError, FailedError
from lipwright.jobs.engines import check_default_engine, engine_for, usable_engines
from lipwright.models.added import add_model
from lipwright.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, models_dir=tmp_path / "models")


def with_weights(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "mine.onnx"
    file.write_bytes(b"weights")
    add_model(settings.models_dir, "wav2lip", file, "MIT", "faces 96x96")


def test_the_servers_engine_unless_the_task_names_one(settings: Settings, tmp_path: Path) -> None:
    assert engine_for("", settings) == "mesh"
    with_weights(settings, tmp_path)
    assert engine_for("wav2lip", settings) == "wav2lip"
    other = settings.model_copy(update={"engine": "wav2lip"})
    assert engine_for("", other) == "wav2lip"
    assert engine_for("mesh", other) == "mesh"


@pytest.mark.parametrize(
    ("asked", "reason", "words"),
    [
        ("nonsense", "unknown_engine", "must be one of mesh, wav2lip"),
        ("wav2lip", "no_weights", "lipwright models add wav2lip"),
    ],
)
def test_an_engine_that_cannot_run_is_refused(
    settings: Settings, asked: str, reason: str, words: str
) -> None:
    with pytest.raises(BadInputError, match=words) as refused:
        engine_for(asked, settings)
    assert (refused.value.field, refused.value.reason) == ("engine", reason)


def test_only_what_can_run_is_offered(settings: Settings, tmp_path: Path) -> None:
    assert usable_engines(settings) == ["mesh"]
    with_weights(settings, tmp_path)
    assert usable_engines(settings) == ["mesh", "wav2lip"]


def test_a_service_whose_own_engine_cannot_run_does_not_start(settings: Settings) -> None:
    check_default_engine(settings)
    for name in ("wav2lip", "nonsense"):
        with pytest.raises(FailedError, match=f"LIPWRIGHT_ENGINE={name}: ") as failed:
            check_default_engine(settings.model_copy(update={"engine": name}))
        assert failed.value.reason == "bad_engine"
