from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from media_clips import Clip, make

from lipwright.media.groups import NotJoinableError, find_groups
from lipwright.media.probe import survey

GOOD = {"preset": "veryfast", "crf": "20", "g": "10", "sc_threshold": "0"}


def groups_of(path):
    return find_groups(path, survey(path))


def made(tmp_path, **more):
    options = {**GOOD, **more.pop("options", {})}
    return make(tmp_path / "clip.mp4", Clip(**{"count": 40, **more}, options=options))


@pytest.mark.parametrize("between", ["0", "3"])
def test_groups_begin_at_fresh_starts(tmp_path, between):
    path = made(tmp_path, options={"bf": between})
    found = groups_of(path)
    assert found.starts.tolist() == [0, 10, 20, 30]
    with av.open(str(path)) as container:
        stamps = [p.pts for p in container.demux(video=0) if p.size]
    assert found.pts.tolist() == stamps
    # Nothing reaches across a clean place, and everywhere else something does.
    for index in range(41):
        before, after = stamps[:index], stamps[index:]
        clean = not before or not after or max(before) < min(after)
        assert bool(found.clean[index]) is clean
    assert found.clean.all() == (between == "0")
    assert found.delay == (0 if between == "0" else 2)


def test_open_groups_are_not_taken_for_closed_ones(tmp_path):
    path = made(tmp_path, options={"x264-params": "open-gop=1", "bf": "3"})
    with av.open(str(path)) as container:
        assert sum(p.is_keyframe for p in container.demux(video=0) if p.size) > 1
    assert groups_of(path).starts.tolist() == [0]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"codec": "mpeg4", "options": {}}, "mpeg4, not H.264"),
        ({"pix_fmt": "yuv444p"}, "not 8-bit 4:2:0"),
        ({"pix_fmt": "yuv420p10le"}, "not 8-bit 4:2:0"),
        ({"options": {"x264-params": "interlaced=1"}}, "interlaced"),
        ({"width": 161, "height": 97, "pix_fmt": "yuv444p"}, "not 8-bit 4:2:0"),
        ({"muxer": {"movflags": "frag_keyframe+empty_moov"}}, "in fragments"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path, more, why):
    with pytest.raises(NotJoinableError, match=why):
        groups_of(made(tmp_path, **more))


def test_full_range_rotation_and_a_late_start_are_no_hindrance(tmp_path):
    stamps = [25_600 + 512 * i for i in range(40)]
    path = made(tmp_path, rotation=90, stamps=stamps, color=(1, 1, 1, 2))
    assert groups_of(path).starts.tolist() == [0, 10, 20, 30]


def test_a_repeated_time_stamp_is_refused(tmp_path):
    path = made(tmp_path, options={"bf": "0"})
    # The index is edited: the third picture takes no time, as some recorders write it.
    data = path.read_bytes()
    at = data.index(b"stts")
    count, delta = struct.unpack_from(">II", data, at + 12)
    assert (count, delta) == (40, 512)
    entries = struct.pack(">IIIII", 0, 3, 2, delta, 1) + struct.pack(">III", 0, 37, delta)
    grown = data[: at - 4] + struct.pack(">I", 40) + b"stts" + entries + data[at + 20 :]
    path.write_bytes(_longer(grown, data, 16))
    with pytest.raises(NotJoinableError, match="time stamps repeat"):
        groups_of(path)


def _longer(grown, data, by):
    """Correct the sizes of the boxes around ``stts``; the index is behind the pictures here."""
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        at = data.index(kind) - 4
        size = struct.unpack_from(">I", data, at)[0] + by
        grown = grown[:at] + struct.pack(">I", size) + grown[at + 4 :]
    return grown


def edited(path, entries):
    """Put another edit list into the file, of (length, time, rate) in the movie's clock."""
    data = path.read_bytes()
    at = data.index(b"elst")
    body = struct.pack(">II", 0, len(entries))
    body += b"".join(struct.pack(">IiHH", *entry, 1, 0) for entry in entries)
    old = struct.unpack_from(">I", data, at - 4)[0]
    grown = (
        data[: at - 4] + struct.pack(">I", 8 + len(body)) + b"elst" + body + data[at - 4 + old :]
    )
    for kind in (b"moov", b"trak", b"edts"):
        place = data.index(kind) - 4
        size = struct.unpack_from(">I", data, place)[0] + len(body) + 8 - old
        grown = grown[:place] + struct.pack(">I", size) + grown[place + 4 :]
    path.write_bytes(grown)
    return path


def test_an_edit_list_that_jumps_is_refused(tmp_path):
    path = edited(made(tmp_path), [(400, 1024), (400, 1024 + 25 * 512)])
    with pytest.raises(NotJoinableError, match="edit list"):
        groups_of(path)


def test_an_edit_list_that_leaves_the_beginning_out_is_refused(tmp_path):
    path = edited(made(tmp_path), [(1_000, 1024 + 13 * 512)])
    with pytest.raises(NotJoinableError, match="edit list"):
        groups_of(path)


def test_a_pause_before_the_picture_is_a_plain_edit_list(tmp_path):
    path = edited(made(tmp_path), [(500, -1), (1_600, 1024)])
    assert groups_of(path).starts.tolist() == [0, 10, 20, 30]


def test_parameter_sets_within_the_stream_may_repeat_but_not_change(tmp_path):
    path = made(tmp_path)
    sets, number = groups_of(path).sets, 10
    for name, unit, good in (
        ("same", sets.sps[0], True),
        ("other", sets.sps[0][:-1] + bytes([sets.sps[0][-1] ^ 64]), False),
    ):
        target = tmp_path / f"{name}.mp4"
        with av.open(str(path)) as source, av.open(str(target), "w") as out:
            video = source.streams.video[0]
            copy = out.add_stream_from_template(video)
            for index, packet in enumerate(p for p in source.demux(video) if p.size):
                data = bytes(packet)
                if index == number:
                    data = struct.pack(">I", len(unit)) + unit + data
                fresh = av.Packet(data)
                fresh.pts, fresh.dts, fresh.time_base = packet.pts, packet.dts, packet.time_base
                fresh.duration, fresh.is_keyframe = packet.duration, packet.is_keyframe
                fresh.stream = copy
                out.mux(fresh)
        if good:
            assert len(groups_of(target).starts) == 4
        else:
            with pytest.raises(NotJoinableError, match="parameter sets change"):
                groups_of(target)


def test_uneven_stamps_are_no_hindrance(tmp_path):
    steps = np.random.default_rng(3).integers(300, 900, 40)
    stamps = [int(one) for one in np.cumsum(steps)]
    path = made(tmp_path, stamps=stamps, rate=Fraction(25))
    assert groups_of(path).starts.tolist() == [0, 10, 20, 30]
