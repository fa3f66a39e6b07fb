"""What the attacked service may use."""

from __future__ import annotations

MEMORY_MB = 1200
"""What one child may use; a little more is seen before it is killed."""

IDENTIFY_S = 20
PROBE_S = 6
