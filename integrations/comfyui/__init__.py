"""Nodes for ComfyUI: which faces can be lip-synced, and make one say a line.

Put this folder into ComfyUI's ``custom_nodes``, and lipwright into ComfyUI's Python:
``pip install lipwright``.
"""

from .nodes import comfy_entrypoint

__all__ = ["comfy_entrypoint"]
