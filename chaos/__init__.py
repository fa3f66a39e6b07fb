"""Tries to break a whole fleet by killing its parts, and looks whether anything was lost.

``python -m chaos`` starts real servers (PostgreSQL, Ceph's S3 gateway), API processes and workers,
sends them work, and strikes. It is for developers; it looks into the tables where that is the only
way to know, but whatever the clients do goes over HTTP.
"""
