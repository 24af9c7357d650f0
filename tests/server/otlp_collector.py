"""A collector of OpenTelemetry's spans on loopback, over OTLP/HTTP; it may also never answer."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector(ThreadingHTTPServer):
    """`spans`: what came, as (span, attributes of its resource)."""

    daemon_threads = True

    def __init__(self, *, hangs: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hangs = hangs
        self.released = threading.Event()
        self.spans: list[tuple[Any, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def named(self, prefix: str) -> list[Any]:
        return [span for span, _ in self.spans if span.name.startswith(prefix)]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.hangs:
            self.server.released.wait(30)
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = attributes_of(of_resource.resource)
            for of_scope in of_resource.scope_spans:
                self.server.spans += [(span, resource) for span in of_scope.spans]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def attributes_of(carrier: Any) -> dict[str, str]:
    """The attributes of a span or a resource that are texts."""
    return {item.key: item.value.string_value for item in carrier.attributes}


@contextmanager
def collecting(*, hangs: bool = False) -> Iterator[Collector]:
    """A collector that is ended."""
    collector = Collector(hangs=hangs)
    thread = threading.Thread(target=collector.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.released.set()
        collector.shutdown()
        collector.server_close()
        thread.join(5)
