"""The page of results: what was measured on what, tables, and a plot for each question."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lipwright.benchmark.tables import section_tables

_TITLES: Final = {
    "ratios": "The whole job beside decoding and encoding",
    "line": "A short line in a long video",
    "stages": "Where the processor's time goes",
    "length": "Longer videos",
    "resolution": "Larger pictures",
    "faces": "More faces",
    "lines": "More lines",
    "startup": "Starting",
    "engines": "The engines, and Wav2Lip",
}


def write_report(result: Mapping[str, Any], path: Path) -> None:
    """Write the page.

    Parameters
    ----------
    result
        What `lipwright.benchmark.results.measure` returned.
    path
        Of the Markdown file.
    """
    path.write_text(page(result), encoding="utf-8")


def page(result: Mapping[str, Any]) -> str:
    """The page as text."""
    parts = ["# Benchmarks", _measured_on(result)]
    for name, found in result["sections"].items():
        parts += [f"## {_TITLES[name]}", section_tables(name, found)]
    return "\n\n".join(parts) + "\n"


def _measured_on(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"Measured on {result['when']} on {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}; {result['threads']} cores used. "
        f"{versions}."
    )
