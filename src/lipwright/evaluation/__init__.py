"""Is it any good? Finished files measured against real mouths, and against cheap ways out."""
