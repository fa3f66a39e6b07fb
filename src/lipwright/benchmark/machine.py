"""What measured: machine, system and versions. Without these a figure says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import psutil

_PACKAGES = (
    "lipwright",
    "numpy",
    "opencv-python-headless",
    "av",
    "ai-edge-litert",
    "ctranslate2",
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-directml",
)


def machine() -> dict[str, object]:
    """Processor, cores, memory, system."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": _system(),
    }


def versions() -> dict[str, str]:
    """Packages that are installed, and Python."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name).split("+")[0]
    return found


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        with suppress(OSError, subprocess.SubprocessError):
            asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    with suppress(OSError, AttributeError):
        named = platform.freedesktop_os_release().get("PRETTY_NAME")
        if named:
            return f"{named}, Linux {'.'.join(platform.release().split('.')[:2])}"
    return platform.platform()
