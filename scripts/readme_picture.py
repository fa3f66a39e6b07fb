"""Make the README's picture of the demo's: smaller, for a page.

make demo && .venv/bin/python scripts/readme_picture.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 1180


def main() -> None:
    """Write docs/images/demo.jpg from out/demo.png."""
    with Image.open(ROOT / "out" / "demo.png") as picture:
        height = round(WIDTH * picture.height / picture.width)
        small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    target = ROOT / "docs" / "images" / "demo.jpg"
    target.parent.mkdir(parents=True, exist_ok=True)
    small.save(target, quality=88, optimize=True)


if __name__ == "__main__":
    main()
