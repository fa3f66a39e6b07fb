from __future__ import annotations

import re

from lipwright.models.catalogue import CATALOGUE, WebSource, WheelSource


def test_every_file_is_pinned() -> None:
    for weights in CATALOGUE.values():
        for file in weights.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256), file
            assert file.size > 0
            assert "/" not in file.name


def test_every_set_can_be_had_from_its_home_and_from_a_package_index() -> None:
    for name, weights in CATALOGUE.items():
        assert weights.name == name
        assert [type(source) for source in weights.sources] == [WebSource, WheelSource]


def test_every_set_has_a_licence_and_a_home_that_is_encrypted() -> None:
    for weights in CATALOGUE.values():
        assert weights.licence in {"Apache-2.0", "MIT"}
        assert all(
            source.base_url.startswith("https://")
            for source in weights.sources
            if isinstance(source, WebSource)
        )


def test_a_set_of_one_file_has_one_file() -> None:
    assert all(len(weights.files) == 1 for weights in CATALOGUE.values() if weights.single)
