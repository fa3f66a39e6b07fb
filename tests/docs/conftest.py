"""What a reader of the pages has: two files, and a service that runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def interview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that the API takes: a real face, 6 s, 512x512, only 10 frames/s to be quick."""
    portrait = cv2.resize(
        skimage.data.astronaut()[:256, 96:352], (540, 540), interpolation=cv2.INTER_CUBIC
    )
    path = tmp_path_factory.mktemp("interview") / "interview.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width = stream.height = 512
        stream.pix_fmt = "yuv420p"
        for index in range(60):
            at = 14 + round(12 * np.sin(index / 8))
            picture = np.ascontiguousarray(portrait[14:526, at : at + 512])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def service_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real service with a worker and without keys, on a free port."""
    folder = tmp_path_factory.mktemp("service")
    command = [sys.executable, "-m", "lipwright", "serve", "--port", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        try:
            url = None
            for line in process.stdout:
                if url := re.search(r"ready on (http://\S+)", line):
                    break
            assert url, (folder / "log").read_text()
            yield url[1]
        finally:
            process.terminate()
            process.wait(120)
            process.stdout.close()
