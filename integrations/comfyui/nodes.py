"""The two nodes, in the form that ComfyUI calls V3."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, InputImpl, io

from .convert import pictures, saved, sound_of, table
from .host import progress_bar, temporary

Faces = io.Custom("LIPWRIGHT_FACES")
"""What identify found; saves the node that syncs from looking again."""


class LipwrightIdentify(io.ComfyNode):
    """Which faces of a video can be lip-synced, and when."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Say what goes in and what comes out."""
        return io.Schema(
            node_id="LipwrightIdentify",
            display_name="Lipwright identify",
            category="video/lipwright",
            description="Finds the faces of a video that can be lip-synced, and when each can.",
            inputs=[io.Video.Input("video")],
            outputs=[
                Faces.Output(display_name="faces"),
                io.Image.Output(
                    display_name="portraits", tooltip="one picture a face, in the table's order"
                ),
                io.String.Output(display_name="table", tooltip="face, start and end in ms"),
            ],
        )

    @classmethod
    def execute(cls, video: io.Video.Type) -> io.NodeOutput:
        """Look for faces; none at all is an error, for nothing could go on."""
        import lipwright

        with temporary(".mp4") as path:
            found = lipwright.identify(saved(video, path), progress=progress_bar())
        if not found.faces:
            raise ValueError("there is no face in the video that can be lip-synced")
        return io.NodeOutput(found, pictures(found), table(found))


class LipwrightSync(io.ComfyNode):
    """Make a face of a video say a line."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Say what goes in and what comes out."""
        volume = {"default": 1.0, "min": 0.0, "max": 2.0, "step": 0.05}
        return io.Schema(
            node_id="LipwrightSync",
            display_name="Lipwright sync",
            category="video/lipwright",
            description="Makes a face of a video say a line. Only mouth, jaw and sound are new.",
            inputs=[
                io.Video.Input("video"),
                io.Audio.Input("audio", tooltip="what is said"),
                Faces.Input(
                    "faces", optional=True, tooltip="of the same video; saves looking again"
                ),
                io.String.Input(
                    "face_id", default="", tooltip="who says it; empty: the most prominent face"
                ),
                io.Int.Input(
                    "at_ms",
                    default=-1,
                    min=-1,
                    max=86_400_000,
                    tooltip="where the line begins in the video; -1: where the face appears",
                ),
                io.Float.Input("volume", **volume),
                io.Float.Input("original_volume", tooltip="the video's own sound", **volume),
                io.String.Input(
                    "transcript",
                    default="",
                    multiline=True,
                    tooltip="what is said, if known and in English: sharpens the lips",
                ),
            ],
            outputs=[io.Video.Output()],
        )

    @classmethod
    def execute(
        cls,
        video: io.Video.Type,
        audio: io.Audio.Type,
        face_id: str,
        at_ms: int,
        volume: float,
        original_volume: float,
        transcript: str,
        faces: object = None,
    ) -> io.NodeOutput:
        """Render; the result is a file in ComfyUI's folder for temporary ones."""
        import lipwright

        with temporary(".mp4") as source, temporary(".mp4", keep=True) as target:
            lipwright.sync(
                saved(video, source),
                sound_of(audio),
                target,
                face=face_id.strip() or None,
                at_ms=None if at_ms < 0 else at_ms,
                speech_volume=volume,
                original_volume=original_volume,
                transcript=transcript.strip(),
                identification=faces,
                progress=progress_bar(),
            )
        return io.NodeOutput(InputImpl.VideoFromFile(str(target)))


class LipwrightExtension(ComfyExtension):
    """What ComfyUI asks for the nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the nodes."""
        return [LipwrightIdentify, LipwrightSync]


async def comfy_entrypoint() -> LipwrightExtension:
    """ComfyUI calls this."""
    return LipwrightExtension()
