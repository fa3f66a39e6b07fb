"""What is lipwright's own, beside the vendor's API: everything under ``/v1/lipwright``."""
