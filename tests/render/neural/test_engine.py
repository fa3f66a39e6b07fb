"""The engine around generators whose drawings are known."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace

import cv2
import networks
import numpy as np
import pytest
from scenes import SPOKEN

from lipwright.errors import BadInputError
from lipwright.media.types import ColorTags
from lipwright.models.store import MODELS_DIR_VARIABLE
from lipwright.render.engine import KeepingEngine, load_engine
from lipwright.render.mesh.engine import MeshEngine
from lipwright.render.mesh.occlusion import Occlusion, spot_landmarks
from lipwright.render.neural.engine import NeuralEngine
from lipwright.render.plan import RenderPlan, SpokenPart
from lipwright.render.walk import BatchEngine, render_all

AT = 8
GREEN = (0.1, 0.9, 0.1)


def planes(frame):
    return frame.y, frame.u, frame.v


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(planes(a), planes(b), strict=True))


def mesh_frame(scene, plan, at=AT):
    return MeshEngine().render(scene.bank.mesh, plan, scene.frames[at])


def mouth_pixels(scene, at=AT):
    """Mask of a small ellipse on the mouth."""
    centre, (half_width, to_chin) = scene.bank.square.mouth[at]
    back = cv2.invertAffineTransform(scene.bank.square.to_square[at])
    x, y = back[:, :2] @ centre + back[:, 2]
    side = np.linalg.norm(back[:, 0])
    drawn = np.zeros(scene.frames[at].y.shape, np.uint8)
    axes = (round(0.8 * half_width * side), round(0.25 * to_chin * side))
    cv2.ellipse(drawn, (round(x), round(y)), axes, 0, 0, 360, 1, -1)
    return drawn > 0


def test_it_is_what_others_expect(engine):
    made = engine(networks.echo)
    assert isinstance(made, BatchEngine)
    assert isinstance(made, KeepingEngine)


def test_the_generators_mouth_is_shown_while_there_is_speech(scene, engine):
    after = engine(networks.colour, GREEN).render(scene.bank, scene.plan(), scene.frames[AT])
    mouth = mouth_pixels(scene)[::2, ::2]
    # Green has little of either chroma; lips have much of one.
    assert after.v[mouth].mean() < scene.frames[AT].v[mouth].mean() - 20


def test_it_reads_the_speaking_share_as_a_fade(scene, engine):
    made = engine(networks.colour, GREEN)
    mouth = mouth_pixels(scene)[::2, ::2]
    shown = [
        made.render(scene.bank, scene.plan(speaking=share), scene.frames[AT]).v[mouth].mean()
        for share in (0.0, 0.4, 0.8, None)
    ]
    assert (np.diff(shown) < -5).all()


@pytest.mark.parametrize("channels", [(0,) * 6, (0.32, 0, 0.14, 0.03, 0.3, 0.0)])
def test_in_silence_the_persons_own_lips_rest(scene, engine, channels):
    """Nothing of the generator: the mesh engine's frame to the last bit."""
    plan = scene.plan(channels=channels, speaking=0.0)
    made = engine(networks.colour, GREEN).render(scene.bank, plan, scene.frames[AT])
    assert same(made, mesh_frame(scene, plan))


def test_without_any_speech_it_rests(scene, engine):
    plan = scene.plan(speech=())
    made = engine(networks.colour, GREEN).render(scene.bank, plan, scene.frames[AT])
    assert same(made, mesh_frame(scene, plan))


def test_frames_without_the_face_pass(scene, engine):
    made, frame = engine(networks.colour, GREEN), scene.frames[AT]
    for index in (-1, 5_000):
        outside = replace(frame, index=index)
        assert made.render(scene.bank, scene.plan(), outside) is outside
    assert made.render(scene.bank, scene.plan(weight=0.0), frame) is frame
    none = RenderPlan(np.zeros(0, np.int64), np.zeros((0, 6), np.float32), np.zeros(0, np.float32))
    assert made.render(scene.bank, none, frame) is frame


def test_a_missing_face_in_the_middle_passes_in_a_batch(scene, engine):
    made, plan = engine(networks.colour, GREEN), scene.plan()
    plan.weight[5:8] = 0.0
    out = made.render_batch(scene.bank, plan, scene.frames)
    assert [a is b for a, b in zip(out, scene.frames, strict=True)] == [
        5 <= index < 8 for index in range(len(out))
    ]


def test_outside_of_the_face_every_pixel_stays(scene, engine):
    plan = scene.plan()
    after = engine(networks.colour, GREEN).render(scene.bank, plan, scene.frames[AT])
    back = cv2.invertAffineTransform(scene.bank.square.to_square[AT])
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]) @ back[:, :2].T + back[:, 2]
    square = np.zeros(after.y.shape, np.uint8)
    cv2.fillConvexPoly(square, np.rint(corners).astype(np.int32), 1)
    near = cv2.dilate(square, np.ones((3, 3), np.uint8)) > 0
    # Around the square only the mesh engine may move the jaw, and further out nobody anything.
    far = cv2.dilate(square, np.ones((41, 41), np.uint8)) == 0
    before, rest = scene.frames[AT], mesh_frame(scene, plan)
    for now, mesh, was, step in zip(
        planes(after), planes(rest), planes(before), (1, 2, 2), strict=True
    ):
        assert (now == mesh)[~near[::step, ::step]].all()
        assert (now == was)[far[::step, ::step]].all()
    assert far.sum() > 20_000
    middle = round(min((corners[0] + corners[3])[1], (corners[1] + corners[2])[1]) / 2)
    assert (after.y[: middle - 1] == rest.y[: middle - 1]).all()
    assert (after.y[: middle - 20] == before.y[: middle - 20]).all()


@pytest.mark.parametrize("color", [ColorTags(), ColorTags(1, 1, 1, 1), ColorTags(1, 1, 1, 2)])
@pytest.mark.parametrize("size", [96, 192])
def test_a_generator_that_returns_its_reference_gives_the_source_back(scene, engine, size, color):
    """Position, colour and range survive the way through the network and back."""
    frame = replace(scene.frames[AT], color=color)
    plan = scene.plan()
    after = engine(networks.echo, size=size).render(scene.bank, plan, frame)
    mouth = mouth_pixels(scene)
    open_mouth = mesh_frame(scene, plan)
    assert np.abs(open_mouth.y.astype(int) - frame.y)[mouth].mean() > 9
    change = np.abs(after.y.astype(int) - frame.y)[mouth]
    assert change.mean() < 5.0
    # What remains is the softness of the network's few pixels: smoothed, both are the same.
    smooth = [cv2.GaussianBlur(f.y, (0, 0), 3).astype(int) for f in (after, frame)]
    assert np.abs(smooth[0] - smooth[1])[mouth].max() < 9
    for plane, was in ((after.u, frame.u), (after.v, frame.v)):
        assert np.abs(plane.astype(int) - was)[mouth[::2, ::2]].mean() < 3.0


def test_a_batch_is_as_good_as_frame_by_frame(scene, engine):
    plan = scene.plan()
    one, many = engine(networks.loudness), engine(networks.loudness)
    alone = [one.render(scene.bank, plan, frame) for frame in scene.frames]
    together = many.render_batch(scene.bank, plan, scene.frames)
    walked = list(render_all(engine(networks.loudness), [(scene.bank, plan)], scene.frames))
    for a, b, c in zip(alone, together, walked, strict=True):
        assert same(a, b)
        assert same(a, c)


def brightness(scene, made, plan):
    out = made.render_batch(scene.bank, plan, scene.frames)
    return np.array([frame.y[mouth_pixels(scene, at)].mean() for at, frame in enumerate(out)])


def test_each_frame_hears_its_own_moment_of_the_line(scene, engine):
    """The line begins at 0.1 s with silence; its burst is from 0.34 to 0.44 s of the video."""
    sound = np.zeros(8_000, np.float32)
    sound[3_840:5_440] = np.random.default_rng(2).normal(0, 0.2, 1_600)
    plan = scene.plan(speech=(SpokenPart(0.1, sound),))
    shown = brightness(scene, engine(networks.loudness), plan)
    times = np.array([float(frame.time) for frame in scene.frames])
    loud = times[shown > (shown.min() + shown.max()) / 2]
    # A window reaches from 40 ms before its frame to 160 ms after it: 0.34 - 0.16 to 0.44 + 0.04.
    assert loud.min() == pytest.approx(0.22, abs=0.05)
    assert loud.max() == pytest.approx(0.44, abs=0.05)


def test_a_second_line_is_heard_from_its_own_start(scene, engine):
    loud = np.random.default_rng(2).normal(0, 0.2, 16_000).astype(np.float32)
    parts = (SpokenPart(0.0, np.zeros(4_800, np.float32)), SpokenPart(0.4, loud))
    shown = brightness(scene, engine(networks.loudness), scene.plan(speech=parts))
    # The first line is over before; nothing of the second is heard before it begins.
    assert np.ptp(shown[:10]) < 25
    assert shown[12:].mean() > shown[:10].mean() + 30


def test_it_holds_no_more_the_longer_it_runs(scene, engine):
    made, plan = engine(networks.echo), scene.plan()
    made.render_batch(scene.bank, plan, scene.frames)
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(4):
            made.render_batch(scene.bank, plan, scene.frames)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 300_000
    finally:
        tracemalloc.stop()


def test_a_face_at_the_pictures_edge(scene, engine):
    """Half of the square lies outside; it is drawn as far as there is a picture."""
    frame = scene.frames[AT]
    low = frame.height // 2 + 40
    cut = replace(frame, y=frame.y[:low], u=frame.u[: low // 2], v=frame.v[: low // 2])
    after = engine(networks.colour, GREEN).render(scene.bank, scene.plan(), cut)
    assert after.y.shape == cut.y.shape
    assert not same(after, cut)


def test_what_is_in_front_of_the_face_stays_there(scene, engine):
    """A dark bar over one half of the lower face, known to the bank as covering it."""
    mesh = scene.bank.mesh
    frame = scene.frames[AT]
    mouth = mouth_pixels(scene)
    column = round(float(np.nonzero(mouth)[1].mean()))
    planes_now = [plane.copy() for plane in planes(frame)]
    for plane, step, level in zip(planes_now, (1, 2, 2), (30, 128, 128), strict=True):
        plane[110 // step : 200 // step, column // step : (column + 60) // step] = level
    held = replace(frame, y=planes_now[0], u=planes_now[1], v=planes_now[2])
    spots = mesh.own.pose.to_picture(mesh.own.head)[AT, spot_landmarks()]
    covered = mesh.occlusion.covered.copy()
    covered[AT] = spots[:, 0] > column
    occlusion = Occlusion(covered, np.zeros_like(mesh.occlusion.hidden))
    bank = replace(scene.bank, mesh=replace(mesh, occlusion=occlusion))
    after = engine(networks.colour, GREEN).render(bank, scene.plan(), held)
    change = np.abs(after.y.astype(int) - held.y)
    right = mouth & (np.arange(mouth.shape[1]) > column + 4)
    left = mouth & (np.arange(mouth.shape[1]) < column - 4)
    assert change[left].mean() > 10
    assert change[right].mean() < 3
    # Where the mouth cannot be seen at all, nothing is drawn.
    hidden = Occlusion(covered, np.ones_like(mesh.occlusion.hidden))
    bank = replace(scene.bank, mesh=replace(mesh, occlusion=hidden))
    assert engine(networks.colour, GREEN).render(bank, scene.plan(), held) is held


def test_without_weights_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv(MODELS_DIR_VARIABLE, str(tmp_path))
    with pytest.raises(BadInputError) as refused:
        load_engine("wav2lip")
    assert (refused.value.field, refused.value.reason) == ("engine", "no_weights")
    assert "lipwright models add wav2lip FILE.onnx" in refused.value.detail


def test_the_published_architecture_draws(scene, tmp_path):
    """Random weights draw noise; what surrounds it is as it was."""
    model = networks.published(tmp_path / "thin.onnx", width=0.0625)
    made = NeuralEngine(model, threads=1)
    out = made.render_batch(scene.bank, scene.plan(speech=(SPOKEN,)), scene.frames)
    assert len(out) == len(scene.frames)
    for before, after in zip(scene.frames, out, strict=True):
        assert not same(before, after)
        assert (after.y[:90] == before.y[:90]).all()
