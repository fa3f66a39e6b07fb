"""The HTTP service: the Kling facade in `lipwright.api.kling`, native routes beside it."""
