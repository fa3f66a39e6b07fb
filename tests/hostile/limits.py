"""What the attacked service may use."""

from __future__ import annotations

MEMORY_MB = 1200
"""What one child may use; a little more is seen before it is killed."""

IDENTIFY_S = 180
PROBE_S = 30
"""How long it may take; ten times of what all but the worst need on a machine that is not busy."""
