"""From speech to what the mouth does."""
