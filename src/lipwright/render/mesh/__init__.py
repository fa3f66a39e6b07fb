"""The default engine: the person's own pixels on a mesh, with a layered mouth inside."""
