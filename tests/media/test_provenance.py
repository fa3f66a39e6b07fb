from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import Clip, make

from lipwright.errors import FailedError
from lipwright.media.container import boxes_of
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer
from lipwright.media.provenance import SOURCE_TYPE, mark, read_mark

IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
XMP = "{http://ns.adobe.com/xap/1.0/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def write(source: Path, target: Path, **more: bool) -> None:
    sound = np.zeros((9600, 2), np.float32)
    with VideoReader(source) as reader, video_writer(target, reader.info, sound, **more) as writer:
        for frame in reader:
            writer.write(frame.y, frame.u, frame.v, frame.pts)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("source") / "source.mp4", Clip())


@pytest.fixture(scope="module")
def result(source: Path) -> Path:
    path = source.with_name("result.mp4")
    write(source, path, synthetic=True)
    return path


def test_the_packet_is_xmp_that_names_the_kind_of_source_and_the_tool(result: Path) -> None:
    packet = read_mark(result)
    assert packet is not None
    assert packet.startswith("<?xpacket begin=")
    assert packet.endswith('<?xpacket end="r"?>')
    description = ElementTree.fromstring(packet).find(f".//{RDF}Description")
    assert description is not None
    assert description.get(IPTC + "DigitalSourceType") == SOURCE_TYPE
    assert SOURCE_TYPE.startswith("http://cv.iptc.org/newscodes/digitalsourcetype/")
    assert str(description.get(XMP + "CreatorTool")).startswith("lipwright 0.")


def test_the_box_stands_last_and_moves_nothing(source: Path, result: Path) -> None:
    plain = source.with_name("plain.mp4")
    write(source, plain)
    unmarked = plain.read_bytes()
    assert result.read_bytes()[: len(unmarked)] == unmarked
    assert read_mark(plain) is None


def test_players_find_all_they_found_before(result: Path) -> None:
    content = result.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    boxes = boxes_of(result)
    assert boxes.has_index
    assert not boxes.media_cut
    with av.open(str(result)) as container:
        assert len(list(container.decode(video=0))) == 20
    with av.open(str(result)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 9600


def test_the_same_input_gives_the_same_bytes(portrait_clip: Path, tmp_path: Path) -> None:
    made = set()
    chance = np.random.default_rng(3)
    for _ in range(6):
        # An encoder that reads memory nobody wrote finds something else there each time.
        rubbish = [chance.bytes(int(size)) for size in chance.integers(1000, 3_000_000, 60)]
        rubbish += [chance.bytes(int(size)) for size in chance.integers(1000, 100_000, 500)]
        del rubbish
        write(portrait_clip, tmp_path / "result.mp4", synthetic=True)
        made.add((tmp_path / "result.mp4").read_bytes())
    assert len(made) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\0\0\0\x04free",
        b"\0\0\0\x01free",
        b"\0\0\0\x01free" + b"\xff" * 8,
        b"\0\0\0\0uuid",
        bytes(4096),
    ],
)
def test_what_is_no_mp4_has_no_mark(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert read_mark(path) is None


def test_an_unwritable_result_is_a_failure(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("lipwright.media.movie.mark", fail)
    target = source.with_name("unmarked.mp4")
    with pytest.raises(FailedError, match="disk full"):
        write(source, target, synthetic=True)
    assert not target.exists()


def test_marking_is_appending(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"\0\0\0\x08free")
    mark(path)
    assert path.read_bytes().startswith(b"\0\0\0\x08free")
    assert read_mark(path) is not None
