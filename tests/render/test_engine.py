from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import pytest

from lipwright.errors import BadInputError
from lipwright.render import engine as room
from lipwright.render.engine import DEFAULT_ENGINE, GROUP, load_engine
from lipwright.render.mesh.engine import MeshEngine


def test_the_default_engine_is_registered_like_any_other():
    names = [point.name for point in entry_points(group=GROUP)]
    assert names.count(DEFAULT_ENGINE) == 1
    assert isinstance(load_engine(DEFAULT_ENGINE), MeshEngine)


def test_somebody_elses_engine_is_found_by_its_name(monkeypatch):
    point = EntryPoint("theirs", "fractions:Fraction", GROUP)
    monkeypatch.setattr(room, "entry_points", lambda group: [point] if group == GROUP else [])
    assert load_engine("theirs") == 0


def test_an_unknown_engine_is_refused_with_the_known_names():
    with pytest.raises(BadInputError) as refused:
        load_engine("nonsense")
    assert (refused.value.field, refused.value.reason) == ("engine", "unknown_engine")
    assert "mesh" in refused.value.detail
    assert "nonsense" in refused.value.detail
