"""lipwright for other programs: no server, no database, no printing.

`lipwright` itself offers these names and imports them when they are asked for.
"""

from lipwright.library.blendshapes import Blendshapes, blendshapes
from lipwright.library.contact_sheet import contact_sheet
from lipwright.library.cues import Cue, choose_face
from lipwright.library.curve import curve_to_csv, curve_to_dict, mouth_curve
from lipwright.library.face_sheet import face_sheet
from lipwright.library.own_frames import DubbedFrames, TimedFrame, dub_frames, identify_frames
from lipwright.library.sound import Sound
from lipwright.library.sync import SyncResult, dub, identify, sync
from lipwright.library.visemes import Viseme, VisemeSet, visemes, visemes_to_tsv

__all__ = [
    "Blendshapes",
    "Cue",
    "DubbedFrames",
    "Sound",
    "SyncResult",
    "TimedFrame",
    "Viseme",
    "VisemeSet",
    "blendshapes",
    "choose_face",
    "contact_sheet",
    "curve_to_csv",
    "curve_to_dict",
    "dub",
    "dub_frames",
    "face_sheet",
    "identify",
    "identify_frames",
    "mouth_curve",
    "sync",
    "visemes",
    "visemes_to_tsv",
]
