"""The command line."""

from lipwright.cli.app import main

__all__ = ["main"]
