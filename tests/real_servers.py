"""Real servers for tests: one PostgreSQL and one Ceph for a whole run, started when asked for.

Where they are not installed, tests that need them are skipped with that reason; where
``LIPWRIGHT_REQUIRE_SERVERS`` is set, they fail.
"""

from __future__ import annotations

import atexit
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.servers import ceph, postgres

POSTGRES_VARIABLE = "LIPWRIGHT_TEST_POSTGRES_URL"
"""URL of a PostgreSQL server on which tests may create and drop databases, instead of our own."""


def needing(kind: str, why_not: str) -> Any:
    """Return a parameter for tests with a server; skipped where there can be none."""
    skip = bool(why_not) and not os.environ.get("LIPWRIGHT_REQUIRE_SERVERS")
    return pytest.param(kind, marks=pytest.mark.skipif(skip, reason=why_not))


def postgres_lacks() -> str:
    """Say why there can be no PostgreSQL; empty if there can."""
    return "" if os.environ.get(POSTGRES_VARIABLE) else postgres.why_not()


def s3_lacks() -> str:
    """Say why there can be no S3 server; empty if there can."""
    return ceph.why_not()


@cache
def postgres_url() -> str:
    """Return the URL of a server on which databases may be made."""
    given = os.environ.get(POSTGRES_VARIABLE)
    if given:
        return given
    server = postgres.Postgres(fsync="off")
    atexit.register(server.close)
    return server.url()


@cache
def s3() -> ceph.Ceph:
    """Return the S3 server."""
    server = ceph.Ceph()
    atexit.register(server.close)
    return server
