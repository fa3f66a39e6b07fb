from __future__ import annotations

import av
import pytest
from media_clips import Clip, make

from lipwright.media.avc import (
    PPS,
    SPS,
    ParameterSets,
    pps_id,
    read_record,
    read_sps,
    split_lengths,
    split_start_codes,
    with_lengths,
    write_record,
)


def record_of(path):
    with av.open(str(path)) as container:
        return bytes(container.streams.video[0].codec_context.extradata)


@pytest.mark.parametrize(
    ("size", "options", "profile", "references"),
    [
        ((160, 96), {"preset": "veryfast", "bf": "0", "refs": "1"}, 100, 1),
        ((176, 144), {"profile": "baseline", "refs": "2"}, 66, 2),
        ((258, 130), {"profile": "main", "refs": "5", "bf": "3"}, 77, 5),
        ((160, 96), {"x264-params": "cqm=jvt:sps-id=7", "bf": "0", "refs": "3"}, 100, 3),
    ],
)
def test_parameter_sets_say_what_the_encoder_was_told(tmp_path, size, options, profile, references):
    clip = Clip(*size, options={"preset": "veryfast", **options})
    sets = read_record(record_of(make(tmp_path / "clip.mp4", clip)))
    assert len(sets.sps) == 1
    found = read_sps(sets.sps[0])
    assert (found.width, found.height) == size
    assert (found.profile, found.references) == (profile, references)
    assert (found.chroma, found.depth, found.progressive) == (1, 8, True)
    assert found.within_level
    number = 7 if "cqm" in options.get("x264-params", "") else 0
    assert found.id == number
    assert sets.ids == {number}


def test_interlaced_deep_and_coarse_pictures_are_told_apart(tmp_path):
    interlaced = Clip(160, 96, options={"x264-params": "interlaced=1", "preset": "veryfast"})
    found = read_sps(read_record(record_of(make(tmp_path / "i.mp4", interlaced))).sps[0])
    assert not found.progressive
    assert (found.width, found.height) == (160, 96)
    deep = Clip(pix_fmt="yuv420p10le", options={"preset": "veryfast"})
    found = read_sps(read_record(record_of(make(tmp_path / "d.mp4", deep))).sps[0])
    assert (found.chroma, found.depth) == (1, 10)
    full = Clip(pix_fmt="yuv444p", options={"preset": "veryfast"})
    assert read_sps(read_record(record_of(make(tmp_path / "f.mp4", full))).sps[0]).chroma == 3


def test_more_references_than_the_level_allows_are_seen(tmp_path):
    greedy = Clip(1280, 720, count=2, options={"level": "3.1", "refs": "5", "preset": "veryfast"})
    within = Clip(1280, 720, count=2, options={"level": "3.1", "refs": "5", "preset": "veryfast"})
    within.options["refs"] = "3"
    for clip, expected in ((greedy, False), (within, True)):
        sets = read_record(record_of(make(tmp_path / "clip.mp4", clip)))
        sps = bytearray(sets.sps[0])
        assert sps[3] == 31
        if not expected:
            sps[3] = 30  # the encoder heeds the level; others do not
        assert read_sps(bytes(sps)).within_level is expected


def test_a_record_is_what_was_read(tmp_path):
    record = record_of(make(tmp_path / "clip.mp4", Clip(options={"preset": "veryfast"})))
    sets = read_record(record)
    assert write_record(sets) == record
    assert read_record(write_record(sets)) == sets


def test_a_record_of_two_streams_demands_what_either_needs(tmp_path):
    small = make(tmp_path / "a.mp4", Clip(options={"profile": "baseline", "level": "4.2"}))
    other = make(
        tmp_path / "b.mp4", Clip(options={"preset": "veryfast", "x264-params": "sps-id=3"})
    )
    one, two = read_record(record_of(small)), read_record(record_of(other))
    record = write_record(ParameterSets(one.sps + two.sps, one.pps + two.pps))
    assert record[1] == 100
    assert record[3] == 42
    both = read_record(record)
    assert both.ids == {0, 3}
    assert [read_sps(sps).profile for sps in both.sps] == [66, 100]


@pytest.mark.parametrize("damage", ["", "first", "lengths", "cut", "cut more"])
def test_a_damaged_record_is_refused(tmp_path, damage):
    record = bytearray(record_of(make(tmp_path / "clip.mp4", Clip())))
    if damage == "first":
        record[0] = 0
    elif damage == "lengths":
        record[4] = 0xFD
    elif damage == "cut":
        record = record[:20]
    elif damage == "cut more":
        record = record[:6]
    else:
        record = bytearray()
    with pytest.raises(ValueError, match=r"decoder configuration|four bytes"):
        read_record(bytes(record))


def test_units_come_back_from_either_form():
    units = [b"\x67abc", b"\x68d", b"\x65\0\0\3\1e"]
    stream = b"\0\0\0\1" + units[0] + b"\0\0\1" + units[1] + b"\0\0\0\1" + units[2]
    assert split_start_codes(stream) == units
    joined = with_lengths(units)
    assert [joined[a:b] for a, b in split_lengths(joined)] == units
    with pytest.raises(ValueError, match="add up"):
        list(split_lengths(joined[:-1]))
    with pytest.raises(ValueError, match="add up"):
        list(split_lengths(b"\0\0\0\0" + joined))


def test_cut_off_parameter_sets_are_refused():
    with pytest.raises(ValueError, match="cut off"):
        read_sps(bytes([SPS, 100, 0, 31]))
    with pytest.raises(ValueError, match="cut off"):
        pps_id(bytes([PPS]))
    with pytest.raises(ValueError, match="Exp-Golomb"):
        read_sps(bytes([SPS, 66, 0, 31]) + bytes(8))
