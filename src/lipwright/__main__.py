"""Lets ``python -m lipwright`` work like ``lipwright``."""

from lipwright.cli import main

main()
