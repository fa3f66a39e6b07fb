"""Links to our own files that a caller sends back as his video or sound.

The core recognises a good one by its signature. One that has expired or was changed looks like
any URL to it; here, where our own address is known, the caller can be told what it is.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from lipwright.api.context import Context, address_of
from lipwright.jobs.links import token_in
from lipwright.jobs.values import NotFoundError

DEAD_LINK = "the link to a file of this service is wrong or has expired"


async def is_dead_link(request: Request, context: Context, url: str) -> bool:
    """Whether a URL is a link to a file of this very service that opens nothing any more."""
    if not url[:8].lower().startswith(("http://", "https://")):
        return False
    try:
        address = urlsplit(url).netloc.lower()
        token = token_in(url)
    except ValueError:
        return False
    ours = {address_of(request), urlsplit(context.settings.public_url).netloc.lower()}
    if token is None or address not in ours:
        return False
    try:
        await context.lanes.quick.run(context.service.open_file, token)
    except NotFoundError:
        return True
    return False
