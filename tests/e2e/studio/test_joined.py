"""A film of copied and encoded stretches, in a real browser."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "media"))

from joined_clips import COUNT, GOOD, joined
from media_clips import Clip, make, number_of

PLAY = """async ([data, times]) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    const video = document.createElement("video");
    video.muted = true;
    video.preload = "auto";
    const loaded = new Promise((done, failed) => {
        video.onloadeddata = done;
        video.onerror = () => failed(new Error(video.error.message));
    });
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    await loaded;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const shown = [];
    for (const time of times) {
        const drawn = new Promise((done) => video.requestVideoFrameCallback(done));
        video.currentTime = time;
        await drawn;
        context.drawImage(video, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        shown.push(Array.from(data.filter((_, index) => index % 4 === 1)));
    }
    video.currentTime = 0;
    const ended = new Promise((done, failed) => {
        video.onended = done;
        video.onerror = () => failed(new Error(video.error.message));
    });
    await video.play();
    await ended;
    const { corruptedVideoFrames } = video.getVideoPlaybackQuality();
    return [shown, video.duration, video.currentTime, corruptedVideoFrames];
}"""


@pytest.mark.parametrize("between", ["0", "3"])
def test_it_plays_to_its_end_and_every_place_can_be_sought(browser, tmp_path, between):
    clip = Clip(count=COUNT, options={**GOOD, "bf": between})
    film = joined(make(tmp_path / "source.mp4", clip), tmp_path)
    indices = [11, 23, 24, 30, 35, 36, 37, 47, 48, 59, 25, 12, 0]
    page = browser.new_context().new_page()
    page.set_default_timeout(120_000)
    try:
        shown, duration, end, corrupted = page.evaluate(
            PLAY,
            [
                base64.b64encode(film.read_bytes()).decode(),
                [(index + 0.5) / 25 for index in indices],
            ],
        )
    finally:
        page.context.close()
    seen = [np.array(one).reshape(clip.height, clip.width) for one in shown]
    assert [number_of(one) for one in seen] == indices
    # The encoded stretches were made brighter.
    bright = [float(one[50:70, 10:60].mean()) > 63 for one in seen]
    assert bright == [24 <= index < 36 or index >= 48 for index in indices]
    assert duration == pytest.approx(COUNT / 25, abs=0.05)
    assert end == pytest.approx(duration, abs=0.05)
    assert corrupted == 0
