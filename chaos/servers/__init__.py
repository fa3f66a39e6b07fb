"""Real servers for tests and for chaos, each in a folder of its own, gone when its owner ends."""
