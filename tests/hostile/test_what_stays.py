"""Runs last: what the attacks left in the data folder and the database."""

from __future__ import annotations

import json
from typing import Any

from limits import MEMORY_MB


def test_only_what_was_accepted_is_kept(target: Any) -> None:
    assert target.leftovers() == []
    kept = target.files()
    assert kept == target.column("select key from artifacts")
    ours = target.column("select key from uploads")
    ours |= target.column("select video_key from sessions")
    ours |= target.column("select identification_key from sessions")
    ours |= target.column("select image_key from faces")
    for order in target.column("select work_order from tasks"):
        ours |= {line["sound_key"] for line in json.loads(order)["lines"] if line["sound_key"]}
    assert kept == ours


def test_no_process_outgrew_its_limit(target: Any) -> None:
    target.lives()
    assert target.most_mb < MEMORY_MB * 1.25
