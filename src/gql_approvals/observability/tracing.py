"""Spans for OpenTelemetry, one an operation and one a transaction, where its variables ask for them.

Without `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) nothing is imported and nothing is done. All
settings are the SDK's own variables; https://opentelemetry.io/docs/specs/otel/configuration/ lists them.
"""

import importlib.util
import logging
import os
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Thread
from typing import Any

from gql_approvals.observability.call import OK, Call, current

NAME = "gql-approvals"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_LAST_SEND_S = 1.0  # what is not sent by then is lost: a server must end
_MISSING = "OTEL_EXPORTER_OTLP_ENDPOINT is set, and nothing is traced: install `gql-approvals[otel]`"
_log = logging.getLogger(__name__)
_tracers: list[Any] = []  # one, where spans are made
_NO_SPAN = nullcontext()


def is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the variables of OpenTelemetry ask for spans."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return exporter == "otlp" and not off and any(environment.get(name, "").strip() for name in _ENDPOINTS)


@contextmanager
def exporting(version: str) -> Generator[None]:
    """Make spans within, if they are wanted; the last ones are sent at the end, for a second at most."""
    if not is_wanted():
        yield
        return
    if importlib.util.find_spec("opentelemetry") is None or not _has_exporter():
        _log.warning(_MISSING)
        yield
        return
    provider = _provider(version)
    _tracers.append(provider.get_tracer(NAME, version))
    try:
        yield
    finally:
        _tracers.clear()
        last = Thread(target=provider.shutdown, daemon=True)
        last.start()
        last.join(_LAST_SEND_S)


def _has_exporter() -> bool:
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


def _provider(version: str) -> Any:  # noqa: ANN401  # its types are imported only here
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": NAME}
    resource = Resource.create({**named, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def operation_span() -> AbstractContextManager[None]:
    """One span over an operation, with what the call knows of it in the end; below the caller's span."""
    call = current()
    return _NO_SPAN if not _tracers or call is None else _operation_span(call)


@contextmanager
def _operation_span(call: Call) -> Generator[None]:
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415  # it is imported already

    name = f"{call.type} {call.field}"
    with _tracers[0].start_as_current_span(name, context=_parent(call), kind=SpanKind.SERVER) as span:
        try:
            yield
        finally:
            span.set_attributes(_attributes(call))
            if call.outcome != OK:
                span.set_status(Status(StatusCode.ERROR, call.outcome))


def span(name: str) -> AbstractContextManager[None]:
    """A span below that of the operation."""
    return _NO_SPAN if not _tracers or current() is None else _span(name)


@contextmanager
def _span(name: str) -> Generator[None]:
    with _tracers[0].start_as_current_span(name, record_exception=False):
        yield


def ids() -> Mapping[str, str]:
    """What records say to be found by their trace."""
    if not _tracers:
        return {}
    from opentelemetry.trace import get_current_span  # noqa: PLC0415  # it is imported already

    context = get_current_span().get_span_context()
    return {"trace_id": f"{context.trace_id:032x}"} if context.is_valid else {}


def _parent(call: Call) -> Any:  # noqa: ANN401  # its types are imported only here
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    given = {"traceparent": call.traceparent, "tracestate": call.tracestate}
    return TraceContextTextMapPropagator().extract({name: text for name, text in given.items() if text})


def _attributes(call: Call) -> dict[str, str]:
    """Names of GraphQL's attributes are OpenTelemetry's own, those of ours begin with ours."""
    found = {
        "graphql.operation.name": call.operation,
        "graphql.operation.type": call.type,
        "gql_approvals.field": call.field,
        "gql_approvals.outcome": call.outcome,
        "gql_approvals.refusal": call.refusal,
        "gql_approvals.account": call.account,
        "gql_approvals.request_id": call.id,
    }
    return {name: value for name, value in found.items() if value is not None}
