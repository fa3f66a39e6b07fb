"""Traces for OpenTelemetry: from the request over the queue and the worker to the callback.

Nothing here costs anything, imports anything or sends anything unless the extra ``otel`` is
installed and the usual environment variables say where traces go (`are_wanted`). Spans hold ids,
stages and counts: no names, no URLs, nothing that callers sent.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Final, ParamSpec, TypeVar

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

PREFIX: Final = "lipwright."
"""Before the names of our attributes."""

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_MODULES: Final = (
    "opentelemetry.sdk.trace",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
)
_PATIENCE_S: Final = 3.0
_SPEC_PROTOCOL: Final = "http/protobuf"

_tracer: Any = None
_provider: Any = None


def are_wanted() -> bool:
    """Whether the environment asks for traces."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter:
        return exporter == "otlp"
    return any(os.environ.get(name) for name in _ENDPOINTS)


def are_installed() -> bool:
    """Whether what the extra ``otel`` brings is there."""
    try:
        return all(find_spec(name) is not None for name in _MODULES)
    except ModuleNotFoundError:
        return False


def endpoint() -> str:
    """Return where traces go, for people."""
    return next(
        (os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "http://localhost:4318"
    )


def protocol_fault() -> str:
    """Say what is wrong with the protocol that the environment asks for; empty if nothing is."""
    asked = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get(
        "OTEL_EXPORTER_OTLP_PROTOCOL", _SPEC_PROTOCOL
    )
    return "" if asked == _SPEC_PROTOCOL else f"{asked} is not spoken here, only {_SPEC_PROTOCOL}"


def set_up(service: str) -> None:
    """Begin to make traces, if the environment asks for them; traces never keep work from going.

    Parameters
    ----------
    service
        Name of the part, ``lipwright-api`` or ``lipwright-worker``; ``OTEL_SERVICE_NAME`` wins.
    """
    if not are_wanted() or _tracer is not None:
        return
    if not are_installed():
        log.warning("no traces: install the extra otel, or unset the OTEL_ variables")
        return
    if protocol_fault():
        log.warning("no traces: %s", protocol_fault())
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        use(BatchSpanProcessor(OTLPSpanExporter()), service)
    except Exception:
        log.warning("no traces: they could not be set up", exc_info=True)
    else:
        log.info("traces go to %s", endpoint())


def use(processor: Any, service: str) -> None:
    """Give spans to a processor; for `set_up` and for tests."""
    global _tracer, _provider
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider

    about = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or service}
    with suppress(PackageNotFoundError):
        about["service.version"] = version("lipwright")
    # A provider of our own: what else is in this process (the job engine) makes no traces of it.
    _provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("lipwright")


def shut_down() -> None:
    """Send what is still here, within seconds, and make no more traces."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is None:
        return
    # A receiver that is away would hold up the end of the process for half a minute.
    thread = threading.Thread(target=provider.shutdown, name="last-spans", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)


def are_on() -> bool:
    """Whether traces are made in this process."""
    return _tracer is not None


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[Any]:
    """Trace the block; what it raises is seen in the trace by its kind, not by its words.

    Yields
    ------
    The span, or ``None`` where no traces are made.
    """
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace import Status, StatusCode

    with _tracer.start_as_current_span(
        name,
        attributes=_named(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield made
        except BaseException as error:
            made.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


@contextmanager
def server_span(name: str, carrier: Mapping[str, str]) -> Iterator[Any]:
    """Trace the answer to a request, as part of the caller's trace if he sent its traceparent."""
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract(carrier)
    with _tracer.start_as_current_span(
        name,
        context=context,
        kind=SpanKind.SERVER,
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        yield made


def tell_request(span: Any, method: str, route: str, status: int, request_id: str) -> None:
    """Write down what became of a request.

    Parameters
    ----------
    span
        Of `server_span`.
    method, route
        Of the request; the route is a pattern without the caller's values, or empty.
    status
        Of the answer.
    request_id
        As the caller was told it.
    """
    if span is None:
        return
    if route:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.response.status_code", status)
    span.set_attribute(f"{PREFIX}request_id", request_id)
    if status >= 500:
        from opentelemetry.trace import Status, StatusCode

        span.set_status(Status(StatusCode.ERROR))


def past(
    name: str,
    began_ms: float | None,
    ended_ms: float | None,
    attributes: Mapping[str, str | int | float] | None = None,
) -> None:
    """Add a span for what is over already, below the present one; Unix times in ms."""
    if _tracer is None or began_ms is None or ended_ms is None:
        return
    made = _tracer.start_span(
        name, start_time=round(began_ms * 1e6), attributes=_named(attributes or {})
    )
    made.end(end_time=round(max(began_ms, ended_ms) * 1e6))


def here() -> str:
    """Return the present place in a trace as a W3C traceparent; empty where there is none."""
    if _tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def resumed(traceparent: str) -> Iterator[None]:
    """Make spans of the block part of a trace that was begun elsewhere, if there is one."""
    if _tracer is None or not traceparent:
        yield
        return
    from opentelemetry import context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    token = context.attach(found)
    try:
        yield
    finally:
        context.detach(token)


def traced(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Trace every call of a function."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            if _tracer is None:
                return function(*args, **kwargs)
            with span(name):
                return function(*args, **kwargs)

        return call

    return decorate


def _named(attributes: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    return {PREFIX + name: value for name, value in attributes.items()}
