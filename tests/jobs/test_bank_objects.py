"""The second task of a video does no tracking; nobody else can put anything in its place."""

from __future__ import annotations

import logging
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data
from workshop import PATIENCE_S, make_video, wait_for

from lipwright.jobs.bank_objects import BankObjects, BorrowedBanks
from lipwright.jobs.orders import Order, OrderedLine
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.stores import Stores
from lipwright.jobs.sweep import sweep
from lipwright.jobs.values import LineRequest
from lipwright.jobs.work import ChildFunctions
from lipwright.jobs.worker import run_worker
from lipwright.settings import Settings
from lipwright.store.artifacts import Artifacts
from lipwright.store.clock import now_ms

VIDEO = "ab" * 32
HOUR_MS = 3_600_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=tmp_path / "data",
        poll_s=0.05,
        c2pa_sign=False,
    )


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    with Stores(settings) as stores:
        yield stores


@pytest.fixture
def identification(tmp_path: Path) -> Path:
    return make_video(tmp_path / "identification.json")


def order(*face_ids: str, engine: str = "") -> Order:
    lines = tuple(
        OrderedLine(face_id, sound_start_ms=0, sound_end_ms=2_000, insert_ms=0, speech_volume=1.0)
        for face_id in face_ids
    )
    return Order(f"accounts/a/inputs/{VIDEO}.mp4", "i", 1.0, lines, engine)


class Bench:
    """Borrows for a render of an account, and keeps."""

    def __init__(self, objects: BankObjects, identification: Path, folder: Path) -> None:
        self.keep = objects.keep
        self._objects, self._identification = objects, identification
        self._folders = (folder / f"banks{number}" for number in range(100))

    def __call__(self, account: str = "a", task: Order | None = None) -> BorrowedBanks | None:
        return self._objects.bring(
            account, task or order("0"), self._identification, next(self._folders)
        )


@pytest.fixture
def bench(settings: Settings, stores: Stores, identification: Path, tmp_path: Path) -> Bench:
    return Bench(BankObjects(settings, stores), identification, tmp_path)


def taught(bench: Bench, account: str = "a", data: bytes = b"learned") -> str:
    """Let a render learn something; return the object's key."""
    banks = bench(account)
    assert banks is not None
    [name] = banks.seals
    (banks.folder / name).write_bytes(data)
    bench.keep(banks)
    return f"accounts/{account}/banks/{name}"


def found(banks: BorrowedBanks | None) -> dict[str, bytes]:
    assert banks is not None
    return {path.name: path.read_bytes() for path in banks.folder.iterdir()}


def test_what_one_render_learned_another_finds(bench: Bench) -> None:
    key = taught(bench, data=b"x" * 3_000_000)
    assert found(bench()) == {Path(key).name: b"x" * 3_000_000}


def test_faces_engines_and_tenants_are_apart(bench: Bench) -> None:
    taught(bench)
    assert found(bench("b")) == {}
    assert found(bench("a", order("1"))) == {}
    assert found(bench("a", order("0", engine="other"))) == {}
    both = bench("a", order("1", "0", "0"))
    assert both is not None
    assert len(both.seals) == 2
    assert len(found(both)) == 1


def test_only_what_changed_is_written_but_what_is_used_lives_on(
    bench: Bench, stores: Stores, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = taught(bench)
    now = now_ms()
    monkeypatch.setattr("lipwright.jobs.bank_objects.now_ms", lambda: now + 12 * HOUR_MS)
    monkeypatch.setattr(Artifacts, "publish", lambda *args: pytest.fail("it was written"))
    used = bench()
    assert used is not None
    bench.keep(used)
    monkeypatch.undo()
    sweep(settings, stores, now=now + 30 * HOUR_MS)
    assert stores.objects.exists(key)
    sweep(settings, stores, now=now + 37 * HOUR_MS)
    assert not stores.objects.exists(key)


@pytest.mark.parametrize("change", ["flip", "cut", "empty", "short", "other", "foreign", "plain"])
def test_what_this_service_did_not_seal_is_not_used(
    bench: Bench, stores: Stores, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = taught(bench)
    data = stores.objects.read(key)
    others = stores.objects.read(taught(bench, "b"))
    forged = {
        "flip": data[:-1] + bytes([data[-1] ^ 1]),
        "cut": data[:-1],
        "empty": b"",
        "short": data[:10],
        "other": data + b"0",
        "foreign": others,  # right, but another tenant's
        "plain": b"learned",
    }
    stores.objects.put_bytes(key, forged[change])
    banks = bench()
    assert banks is not None
    assert found(banks) == {}
    assert "not sealed by this service" in caplog.text
    # What is learned anew takes its place.
    (banks.folder / Path(key).name).write_bytes(b"learned")
    bench.keep(banks)
    assert stores.objects.read(key) == data


def test_what_is_too_large_stays_where_it_is(
    bench: Bench, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(bench)
    monkeypatch.setattr("lipwright.jobs.bank_objects.MAX_BYTES", 3)
    assert found(bench()) == {}
    key = taught(bench, "b")
    assert not stores.objects.exists(key)


def test_nothing_is_kept_where_the_settings_say_so(
    settings: Settings, stores: Stores, identification: Path, tmp_path: Path
) -> None:
    off = settings.model_copy(update={"keep_banks": False})
    assert BankObjects(off, stores).bring("a", order("0"), identification, tmp_path / "x") is None


def test_a_store_that_fails_costs_only_time(
    bench: Bench, stores: Stores, identification: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(bench)
    banks = bench()
    assert banks is not None

    def broken(*args: object) -> None:
        raise OSError("the network is gone")

    monkeypatch.setattr(stores.objects, "size", broken)
    monkeypatch.setattr(stores.objects, "put", broken)
    monkeypatch.setattr(stores.artifacts, "keep", broken)
    assert found(bench()) == {}
    bench.keep(banks)
    assert bench("a", order("7")) is None
    identification.write_text("[]")
    assert bench() is None


def make_portrait(path: Path) -> Path:
    """A real face for three seconds, as small as the service takes it."""
    side = 512
    picture = cv2.resize(skimage.data.astronaut()[:256, 96:352], (side, side))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        for index in range(75):
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_the_second_task_of_a_session_does_no_tracking(
    settings: Settings, tmp_path: Path, spoken_line: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With real work in real children; a bank that somebody changed is learned anew."""
    functions = ChildFunctions()
    stop, ready = threading.Event(), threading.Event()
    worker = threading.Thread(
        target=run_worker, args=(settings, stop), kwargs={"functions": functions, "ready": ready}
    )
    caplog.set_level(logging.INFO, "lipwright.jobs.rendering")
    with LipsyncService(settings, functions=functions) as service:
        objects = service._open.stores.objects
        worker.start()
        try:
            assert ready.wait(PATIENCE_S)
            session = service.identify("alice", make_portrait(tmp_path / "portrait.mp4"))
            request = LineRequest(
                face_id="0",
                sound=b64encode(spoken_line.read_bytes()).decode(),
                sound_start_ms=0,
                sound_end_ms=2_000,
                insert_ms=500,
            )

            def looked_at() -> tuple[int, bytes]:
                caplog.clear()
                task = service.create("alice", session.id, [request])
                task = wait_for(service, task, within_s=1800)
                assert task.status == "succeed", task.message
                [said] = re.findall(r"looked at (\d+) frames", caplog.text)
                return int(said), objects.read(f"accounts/alice/results/{task.id}.mp4")

            count, result = looked_at()
            assert count == 75
            assert looked_at() == (0, result)
            [key] = objects.list_older_than("accounts/alice/banks", -60)
            sealed = objects.read(key)
            objects.put_bytes(key, sealed[:-5] + b"wrong")
            assert looked_at() == (75, result)
            assert objects.read(key) == sealed
        finally:
            stop.set()
            worker.join()
