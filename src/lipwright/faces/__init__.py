"""Faces in time: found, followed, measured."""
