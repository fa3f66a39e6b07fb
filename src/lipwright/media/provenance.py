"""The mark in every result: an XMP packet that says, for machines, that it is synthetic.

The packet lies in the box that the XMP specification (part 3, section "MPEG-4") names for it,
after everything else: no offset in the file changes, the index stays in front, and a player that
does not know the box skips it.
"""

from __future__ import annotations

import struct
from importlib.metadata import version
from pathlib import Path
from typing import Final

SOURCE_TYPE: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC's term for media in which a part was made or changed by a trained model."""

XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAX_PACKET = 1 << 20

_PACKET: Final = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    Iptc4xmpExt:DigitalSourceType="{source_type}"
    xmp:CreatorTool="{tool}">
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">The movements of a mouth in this video are synthetic.</rdf:li>
    </rdf:Alt>
   </dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def tool_name() -> str:
    """Return the name and version of what makes the results."""
    return f"lipwright {version('lipwright')}"


def mark(path: Path) -> None:
    """Append the mark to a finished mp4 file. The same file gets the same bytes.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    packet = _PACKET.format(source_type=SOURCE_TYPE, tool=tool_name()).encode()
    box = struct.pack(">I4s16s", 24 + len(packet), b"uuid", XMP_UUID) + packet
    with path.open("ab") as file:
        file.write(box)


def read_mark(path: Path) -> str | None:
    """Return the XMP packet of an mp4 file, or None where it has none.

    Walks the outermost boxes and reads nothing else, so it may be shown any file.
    """
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(24)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            elif length == 0:
                length = size - at
            elif head[4:8] == b"uuid" and head[8:24] == XMP_UUID:
                return file.read(min(length - 24, _MAX_PACKET)).decode("utf-8", "replace")
            if length < 8:
                return None
            at += length
    return None
