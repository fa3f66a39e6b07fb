"""What the steps of tasks work with."""

from __future__ import annotations

from dataclasses import dataclass

from lipwright.jobs.attempts import Attempts
from lipwright.jobs.stores import Stores
from lipwright.jobs.supervision import Supervisor
from lipwright.jobs.work import ChildFunctions
from lipwright.settings import Settings


@dataclass(frozen=True, eq=False)
class Means:
    """All that a step needs beside its attempt; every part is thread-safe.

    Attributes
    ----------
    settings, stores
        Where things lie and what a child may use.
    functions
        What children run.
    attempts
        What is known of the attempts.
    supervisor
        Runs children and ends them when they must end.
    """

    settings: Settings
    stores: Stores
    functions: ChildFunctions
    attempts: Attempts
    supervisor: Supervisor
