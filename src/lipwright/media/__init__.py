"""Video and sound in and out: probe, decode, colours, encode, mix. Only this room imports av."""
