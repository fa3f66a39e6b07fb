"""From a mouth curve to pixels."""
