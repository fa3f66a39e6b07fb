"""How the mouth network's weights were made."""
