"""Is it any good? Measurements of finished files against the truth."""
