"""How log records look: ours, uvicorn's and everybody else's alike, each on one line of standard error.

Only the form is decided here. Whoever has something to say says it with the standard library's `logging`:
a message, and as `extra` what belongs to it as fields.
"""

import json
import logging.config
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

from gql_approvals.observability import tracing
from gql_approvals.observability.call import current

RESET, DIM = "\x1b[0m", "\x1b[2m"
LEVEL_COLOURS = {"debug": DIM, "warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}
_OF_CONNECTIONS = frozenset({"connection open", "connection closed"})
_QUOTED = frozenset(" \"'=\\")  # in a text that has one of these, one could not see where a field ends


def configure(form: str) -> None:
    """Write this process's records as `text` or `json` from now on, instead of whatever did before."""
    logging.config.dictConfig(configuration(form))


def configuration(form: str) -> dict[str, Any]:
    """The same as a value of `logging.config.dictConfig`, which can be sent to other processes."""
    ours: dict[str, Any] = {"level": "INFO", "handlers": [], "propagate": True}
    # Casbin tells every answer, also those that are only weighed; decisions are told by `decision_log`.
    casbin: dict[str, Any] = {"level": "CRITICAL"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.formatter", "form": form}},
        "filters": {"told": {"()": f"{__name__}.ToldByUs"}},
        "handlers": {
            "line": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "line",
                "filters": ["told"],
            }
        },
        "root": {"level": "WARNING", "handlers": ["line"]},
        "loggers": {
            **dict.fromkeys(("gql_approvals", "uvicorn", "uvicorn.error"), ours),
            "uvicorn.access": {**ours, "level": "WARNING"},  # http/calls.py tells more, and no query
            "casbin": casbin,
        },
    }


class ToldByUs(logging.Filter):
    """Leave out what uvicorn says of sockets: their addresses with whatever callers wrote behind the `?`."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        of_sockets = '"WebSocket ' in str(record.msg) or record.msg in _OF_CONNECTIONS
        return not (record.name.startswith("uvicorn.") and of_sockets)


def formatter(form: str) -> logging.Formatter:
    """What makes a line of a record: `text`, coloured where standard error is a terminal, or `json`."""
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    colours = LEVEL_COLOURS if coloured else {}

    def rendered(_: WrappedLogger, __: str, event: EventDict) -> str:
        return _json(event) if form == "json" else _text(event, colours)

    before: list[Processor] = [structlog.stdlib.ExtraAdder(), structlog.processors.format_exc_info, _headed]
    return structlog.stdlib.ProcessorFormatter(processors=[rendered], foreign_pre_chain=before)


def _headed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Let every record begin with the same four fields, and say behind them which request it is about.

    Copies of the message go: uvicorn's for terminals, and what another handler left in the record.
    """
    record: logging.LogRecord = event.pop("_record")
    del event["_from_structlog"]
    for copy in ("color_message", "message"):
        event.pop(copy, None)
    at = datetime.fromtimestamp(record.created, UTC)
    call = current()
    return {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": event.pop("event"),
        **({} if call is None else {"request_id": call.id}),
        **tracing.ids(),
        **event,
    }


def _text(event: EventDict, colours: Mapping[str, str]) -> str:
    """`TIME LEVEL LOGGER EVENT FIELD=VALUE…`, and indented below what was raised."""
    time, level, logger, what = (event.pop(name) for name in ("time", "level", "logger", "event"))
    raised = event.pop("exception", None)
    colour = colours.get(level, "")
    dim, reset = (DIM, RESET) if colours else ("", "")
    head = f"{dim}{time}{reset} {colour}{level.upper():<8}{reset} {dim}{logger}{reset} {_visible(str(what))}"
    line = " ".join([head, *(f"{dim}{name}={reset}{_shown(value)}" for name, value in event.items())])
    below = [] if raised is None else [f"    {_visible(part)}" for part in str(raised).split("\n")]
    return "\n".join([line, *below])


def _shown(value: object) -> str:
    """A field's value: a text as it is where that is unmistakable, everything else as JSON."""
    if isinstance(value, str) and value and value.isprintable() and not _QUOTED & set(value):
        return value
    return _json(value)


def _json(value: object) -> str:
    """The value as JSON; half of a surrogate pair, which JSON cannot hold, becomes U+FFFD."""
    try:
        text = orjson.dumps(value, default=str).decode()
    except TypeError:  # such a half, or a number of more than 64 bits
        text = json.dumps(value, default=str, ensure_ascii=False)
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _visible(text)


def _visible(text: str) -> str:
    """The text with JSON's escapes for whatever could end the line, steer a terminal or hide."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
