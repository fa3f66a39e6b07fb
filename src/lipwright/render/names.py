"""Names of engines, for those who need no more of one."""

from __future__ import annotations

from typing import Final

GROUP: Final = "lipwright.engines"
"""Entry-point group under which engines are registered."""

DEFAULT_ENGINE: Final = "mesh"
