"""The tools, as the protocol's own SDK serves them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, ParamSpec, TypeVar

import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from lipwright.errors import LipwrightError
from lipwright.mcp.values import Desk, FoundFaces, JobState, Lines

P = ParamSpec("P")
R = TypeVar("R")

MOST_WAIT_S = 50.0
"""Longest wait in one call: assistants give up on a tool after about a minute."""

_ABOUT = (
    "Video lip-sync: a real video goes in, the person in it says another line. Call identify to "
    "see which faces there are and when, sync to begin, then status with wait_s until the task "
    "has succeeded; its output is the finished mp4. Times are in ms. Only make people say things "
    "with their consent."
)


_VIDEO = "local video file, mp4 or mov; a URL, too, where a service does the work"


def build(desk: Desk, version: str) -> MCPServer[None]:
    """Return a server of the four tools.

    Parameters
    ----------
    desk
        Does the work; closed when the server ends.
    version
        Ours.
    """

    @asynccontextmanager
    async def life(_: MCPServer[None]) -> AsyncIterator[None]:
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(desk.close)

    server: MCPServer[None] = MCPServer(
        "lipwright", instructions=_ABOUT, version=version, lifespan=life, log_level="WARNING"
    )

    @server.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    def identify(
        video: Annotated[str, Field(description=_VIDEO)],
    ) -> FoundFaces:
        """Find the faces of a video that can be lip-synced, and when each can."""
        return _said(desk.identify, video)

    @server.tool(annotations=ToolAnnotations(destructive_hint=False, open_world_hint=False))
    def sync(
        video: Annotated[str, Field(description=_VIDEO)],
        lines: Annotated[Lines, Field(description="what is said, by whom and when")],
        output: Annotated[
            str, Field(description="mp4 to write; must not exist; by default beside the video")
        ] = "",
        original_volume: Annotated[
            float, Field(description="the video's own sound, 0 to 2", ge=0, le=2)
        ] = 1.0,
    ) -> JobState:
        """Begin to make faces say lines. Answers at once; ask status for the result."""
        return _said(desk.sync, video, lines, output, original_volume)

    @server.tool(annotations=ToolAnnotations(idempotent_hint=True, open_world_hint=False))
    def status(
        task_id: Annotated[str, Field(description="from sync")],
        wait_s: Annotated[
            float,
            Field(description="wait for its end for up to so many seconds", ge=0, le=MOST_WAIT_S),
        ] = 0.0,
    ) -> JobState:
        """Say how far a task is, and where its video lies once it has succeeded."""
        return _said(desk.status, task_id, wait_s)

    @server.tool(annotations=ToolAnnotations(idempotent_hint=True, open_world_hint=False))
    def cancel(task_id: Annotated[str, Field(description="from sync")]) -> JobState:
        """End a task that waits or is worked on."""
        return _said(desk.cancel, task_id)

    return server


def _said(work: Callable[P, R], *values: P.args, **named: P.kwargs) -> R:
    """Turn what goes wrong on purpose into words for the assistant."""
    try:
        return work(*values, **named)
    except LipwrightError as error:
        raise ToolError(str(error)) from error
