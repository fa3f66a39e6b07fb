"""What a frame costs in the engines themselves, and in a Wav2Lip generator on every device here.

All render the same frames of the same face in one process, in turn, a few frames each. Following
the face, decoding and encoding are the same for all of them and left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from lipwright.benchmark.cost import spread
from lipwright.benchmark.jobs import Request
from lipwright.benchmark.measure import Bench
from lipwright.benchmark.plan import Plan
from lipwright.errors import FailedError

_STEP: Final = 8
"""Frames in a turn: the batch that the neural engine asks for on a CPU."""

_CPU: Final = "CPUExecutionProvider"
_ACCELERATORS: Final = {
    "TensorrtExecutionProvider": "TensorRT",
    "CUDAExecutionProvider": "CUDA",
    "ROCMExecutionProvider": "ROCm",
    "MIGraphXExecutionProvider": "MIGraphX",
    "CoreMLExecutionProvider": "CoreML",
    "DmlExecutionProvider": "DirectML",
    "OpenVINOExecutionProvider": "OpenVINO",
}
_DEVICES: Final = {"CUDA": "cuda", "CoreML": "coreml", "DirectML": "directml"}
"""Those that the neural engine can be told to use."""

_ACCELERATED_BATCHES: Final = (1, 8, 32)


def engines(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """Measure the engines; the generator is the published one with random weights.

    Raises
    ------
    FailedError
        onnxruntime or onnx is not installed.
    """
    for package in ("onnxruntime", "onnx"):
        if find_spec(package) is None:
            raise FailedError(
                "bench", f'{package} is not installed: pip install "lipwright[bench]"'
            )
    video = videos[0] if videos else bench.film(plan.main)
    seconds = min(4.0, bench.look(video)["seconds"])
    asked = Request(
        "engines",
        str(video),
        str(bench.voice(seconds)),
        more={"rounds": plan.engine_rounds},
    )
    bench.told("measuring the engines")
    cost = bench.run(asked)
    return {"video": video.stem, "peak_mb": cost.peak_mb, **cost.more}


def measure(asked: Request) -> dict[str, Any]:
    """In the child: every engine and device, in turn.

    Returns
    -------
    ``jobs``: for each the spread of a frame's ms on the clock and of the processor; ``notes``:
    what could not be measured and why; ``providers``: what onnxruntime offers.
    """
    import onnx
    import onnxruntime

    from lipwright.benchmark.wav2lip import build, generator, random_weights

    onnxruntime.disable_telemetry_events()
    model = Path(asked.scratch, "wav2lip.onnx")
    layers = generator()
    onnx.save(build(layers, random_weights(layers)), str(model))
    scene = _Scene.of(asked)
    jobs: dict[str, tuple[int, Callable[[int], object]]] = {
        "mesh engine": (_STEP, scene.mesh_job()),
        "Wav2Lip network alone, CPU, 1 at once": (_STEP, _network(model, _CPU, 1, asked.threads)),
        f"Wav2Lip network alone, CPU, {_STEP} at once": (
            _STEP,
            _network(model, _CPU, _STEP, asked.threads),
        ),
        "wav2lip engine in all, CPU": (_STEP, scene.neural_job(model, "cpu", asked.threads)),
    }
    notes = []
    offered = onnxruntime.get_available_providers()
    there = {p: name for p, name in _ACCELERATORS.items() if p in offered}
    for provider, name in there.items():
        try:
            for batch in _ACCELERATED_BATCHES:
                run = _network(model, provider, batch, asked.threads)
                jobs[f"Wav2Lip network alone, {name}, {batch} at once"] = (max(_STEP, batch), run)
            if name in _DEVICES:
                neural = scene.neural_job(model, _DEVICES[name], asked.threads)
                jobs[f"wav2lip engine in all, {name}"] = (_STEP, neural)
        except Exception as error:  # each provider has errors of its own
            notes.append(f"{name} could not be measured: {str(error).strip().splitlines()[0]}")
    if not any(name in job for job in jobs for name in there.values()):
        notes.append(
            "No GPU was measured: this onnxruntime offers no accelerator that starts here. "
            "On a machine with one, install onnxruntime-gpu (or onnxruntime-directml) in the place "
            "of onnxruntime and run lipwright bench --only engines."
        )
    return {
        "jobs": _in_turn(jobs, int(asked.more["rounds"])),
        "notes": notes,
        "providers": list(offered),
        "threads": asked.threads,
    }


def _in_turn(
    jobs: dict[str, tuple[int, Callable[[int], object]]], rounds: int
) -> dict[str, dict[str, Any]]:
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for _, job in jobs.values():
        job(0)
    for turn in range(rounds):
        for name, (frames, job) in jobs.items():
            begun, busy = time.perf_counter(), time.process_time()
            job(turn)
            passed, worked = time.perf_counter() - begun, time.process_time() - busy
            spent[name].append((1000.0 * passed / frames, 1000.0 * worked / frames))
    return {
        name: {
            "clock": asdict(spread([passed for passed, _ in runs])),
            "cpu": asdict(spread([worked for _, worked in runs])),
        }
        for name, runs in spent.items()
    }


def _network(model: Path, provider: str, batch: int, threads: int) -> Callable[[int], object]:
    """The network and nothing else, on a device; as many frames as `measure` counts."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(model), sess_options=options, providers=list(dict.fromkeys([provider, _CPU]))
    )
    if session.get_providers()[0] != provider:
        raise FailedError("bench", f"onnxruntime knows {provider} but cannot start it here")
    source = np.random.default_rng(0)
    inputs = {
        "face": source.random((batch, 6, 96, 96), np.float32),
        "mel": source.normal(0.0, 2.0, (batch, 1, 80, 16)).astype(np.float32),
    }
    turns = max(1, _STEP // batch)

    def run(turn: int) -> object:
        return [session.run(None, inputs) for _ in range(turns)]

    return run


@dataclass(frozen=True)
class _Scene:
    """Frames of a speaking face, and what is known of it."""

    frames: list[Any]
    bank: Any
    plan: Any
    mesh: Any

    @classmethod
    def of(cls, asked: Request) -> _Scene:
        """Follow the largest face while it speaks."""
        import lipwright
        from lipwright.dubbing.casting import cast
        from lipwright.dubbing.types import Line
        from lipwright.faces.landmarker import FaceLandmarker
        from lipwright.library.cues import choose_face
        from lipwright.media.audio import probe_sound
        from lipwright.media.decode import VideoReader
        from lipwright.models.store import require
        from lipwright.render.mesh.engine import MeshEngine

        mesh, speech = MeshEngine(), Path(asked.speech)
        identification = lipwright.identify(asked.video, cache=None)
        face = choose_face(identification, None, None)
        length = min(face.end_ms - face.start_ms, probe_sound(speech).duration_ms)
        line = Line(face.face_id, speech, 0, length, face.start_ms)
        with VideoReader(Path(asked.video)) as reader:
            (speaker,) = cast(
                reader,
                identification,
                [line],
                lambda: FaceLandmarker(require("face_landmarker")),
                mesh,
                lambda frame: None,
            )
            plan = speaker.plan
            frames: list[Any] = []
            assert plan.speaking is not None
            first = int(plan.frame_indices[np.argmax((plan.speaking >= 1) & (plan.weight >= 1))])
            for frame in reader:
                if frame.time * 1000 >= line.end_ms or len(frames) == 6 * _STEP:
                    break
                if frame.index >= first:
                    frames.append(frame)
        return cls(frames, speaker.bank, plan, mesh)

    def mesh_job(self) -> Callable[[int], object]:
        """Render some frames with the mesh engine."""
        return lambda turn: [
            self.mesh.render(self.bank, self.plan, frame) for frame in self._part(turn)
        ]

    def neural_job(self, model: Path, device: str, threads: int) -> Callable[[int], object]:
        """Render some frames with the neural engine on a device."""
        from lipwright.render.neural.engine import NeuralBank, NeuralEngine
        from lipwright.render.neural.providers import DEVICE_VARIABLE
        from lipwright.render.neural.square import face_square

        os.environ[DEVICE_VARIABLE] = device
        engine = NeuralEngine(model, threads=threads)
        own = self.bank.own
        whole = NeuralBank(self.bank.frame_indices, self.bank, face_square(own.pose, own.rest))
        return lambda turn: engine.render_batch(whole, self.plan, self._part(turn))

    def _part(self, turn: int) -> list[Any]:
        first = (turn * _STEP) % max(1, len(self.frames) - _STEP + 1)
        return self.frames[first : first + _STEP]
