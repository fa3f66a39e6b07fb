"""Whose licence is what: of the Python packages that are installed, and of the weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

from lipwright.models.catalogue import CATALOGUE


def python_table() -> str:
    """Every package that lipwright draws in on this platform, and its licence by its own word."""
    lines = ["| package | version | licence | needed for |", "|---|---|---|---|"]
    plain = {name(found): found for found in drawn_in("lipwright", ())}
    whole = {name(found): found for found in drawn_in("lipwright", extras())}
    for key, found in sorted(whole.items()):
        if key == "lipwright":
            continue
        needed = "lipwright" if key in plain else "an extra"
        lines.append(f"| {key} | {found.version} | {licence_of(found)} | {needed} |")
    return "\n".join(lines)


def weights_table() -> str:
    """Every set of weights that lipwright knows where to fetch."""
    lines = ["| weights | what | licence | size |", "|---|---|---|---|"]
    lines += [
        f"| `{weights.name}` | {weights.what} | {weights.licence} | {weights.size / 1e6:.1f} MB |"
        for weights in CATALOGUE.values()
    ]
    return "\n".join(lines)


def extras() -> tuple[str, ...]:
    """The names of lipwright's extras."""
    return tuple(distribution("lipwright").metadata.get_all("Provides-Extra") or ())


def drawn_in(
    package: str, wanted: tuple[str, ...], seen: set[str] | None = None
) -> Iterator[Distribution]:
    """A package and, each once, what it needs here, its needs' needs included."""
    seen = set() if seen is None else seen
    try:
        found = distribution(package)
    except PackageNotFoundError:
        return  # an extra that is not installed
    if name(found) in seen:
        return
    seen.add(name(found))
    yield found
    for line in found.requires or ():
        need = Requirement(line)
        if need.marker is None or any(
            need.marker.evaluate({"extra": extra}) for extra in (*wanted, "")
        ):
            yield from drawn_in(need.name, tuple(need.extras), seen)


def licence_of(found: Distribution) -> str:
    """The licence by the package's own metadata."""
    about = found.metadata.json
    stated = str(about.get("license_expression", ""))
    if not stated:
        classifiers = [str(line) for line in about.get("classifier", ())]
        words = [
            line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: ")
        ]
        text = str(about.get("license", ""))
        stated = text if text and "\n" not in text and len(text) < 60 else ", ".join(words)
    if not stated:
        raise ValueError(f"{name(found)} does not say what its licence is")
    return stated


def name(found: Distribution) -> str:
    """The package's name in its normal form."""
    return re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
