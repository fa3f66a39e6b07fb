"""Every knob of lipwright, read from ``LIPWRIGHT_*`` environment variables and a ``.env`` file."""
