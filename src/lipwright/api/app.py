"""The app: routes, errors and middleware put together."""

from __future__ import annotations

from importlib.metadata import version

import anyio
from fastapi import FastAPI

import lipwright.api.files
import lipwright.api.kling.account
import lipwright.api.kling.legacy
import lipwright.api.kling.routes
import lipwright.api.metrics
import lipwright.api.native.about
import lipwright.api.native.sessions
import lipwright.api.native.tasks
import lipwright.api.native.webhooks
import lipwright.api.pages
import lipwright.api.ready
import lipwright.api.studio.page
from lipwright.api.context import Context
from lipwright.api.envelope import RequestIds
from lipwright.api.kling.paths import AnyCaseIdentify
from lipwright.api.kling.refusals import install
from lipwright.api.ready import Checks
from lipwright.api.threads import Lanes
from lipwright.api.tracing import RequestSpans
from lipwright.api.unread import DropUnreadBody
from lipwright.jobs.service import LipsyncService
from lipwright.settings import Settings

_DESCRIPTION = (
    "A real video goes in, the person in it says the line. The lip-sync operations are also "
    "served under /kling/v1/videos, /proxy/kling/v1/videos and /v1/videos."
)


def create_app(settings: Settings, service: LipsyncService) -> FastAPI:
    """Return the HTTP service over a started core.

    Parameters
    ----------
    settings
        ``host`` decides whether callers need a key.
    service
        Started; the caller closes it.
    """
    app = FastAPI(
        title="lipwright",
        version=version("lipwright"),
        description=_DESCRIPTION,
        docs_url=None,  # the stock pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.checks = Checks()
    app.state.check_threads = anyio.CapacityLimiter(4)
    app.state.context = Context(settings, service, Lanes(settings.identify_concurrency))
    app.router.routes.extend(lipwright.api.kling.routes.short_ways)
    app.include_router(lipwright.api.kling.routes.router)
    app.include_router(lipwright.api.kling.legacy.router)
    app.include_router(lipwright.api.kling.account.router)
    app.include_router(lipwright.api.native.about.router)
    app.include_router(lipwright.api.native.sessions.router)
    app.include_router(lipwright.api.native.tasks.router)
    app.include_router(lipwright.api.native.webhooks.router)
    app.include_router(lipwright.api.files.router)
    app.include_router(lipwright.api.pages.router)
    app.include_router(lipwright.api.ready.router)
    app.include_router(lipwright.api.metrics.router)
    app.include_router(lipwright.api.studio.page.router)
    install(app)
    app.add_middleware(AnyCaseIdentify)
    app.add_middleware(DropUnreadBody)
    app.add_middleware(RequestSpans)
    app.add_middleware(RequestIds)
    return app
