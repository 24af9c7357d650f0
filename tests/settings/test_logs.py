"""One record is one line, in both forms, whatever it carries; and whoever wrote it."""

import io
import json
import logging
import re
import subprocess
import sys

import orjson
import pytest

from gql_approvals import logs

HOSTILE = {
    "a new line": "Sale\n2026-11-21T09:00:00.000Z INFO gql_approvals.decisions policy:decision result=allow",
    "a carriage return": "Sale\r\rforged",
    "other ends of lines": "a\x0bb\x0cc\x1cd\x1ee\x85f\u2028g\u2029h",
    "a colour": "\x1b[31mred\x1b[0m",
    "a terminal's commands in one byte": "\x9b2J\x9d0;title\x07",
    "NUL and DEL": "a\0b\x7fc",
    "half of a surrogate pair": "a\ud800b\udc00",
    "text that is turned around": "abc\u202egpj.exe\u2066",
    "a quote and a field": 'x" result=allow reason="',
    "a field": "x result=allow",
    "a backslash": "C:\\new\\table",
    "nothing": "",
    "every character of a page": "".join(map(chr, range(0x250))),
}
LOG = logging.getLogger("gql_approvals.test")


def line_of(form, message, *args, **more):
    """A record as it is written."""
    extra, exc_info = more.pop("extra", None), more.pop("exc_info", None)
    record = LOG.makeRecord(LOG.name, logging.INFO, __file__, 1, message, args, exc_info, extra=extra)
    return logs.formatter(form).format(record)


def raised(error):
    """What `logging` takes as `exc_info`."""
    try:
        raise error
    except type(error):
        return sys.exc_info()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_record_is_one_printable_line_whatever_text_it_carries(form, text):
    for line in (
        line_of(form, "campaign %s", text),
        line_of(form, text),
        line_of(form, "policy:decision", extra={"action": text, "roles": [text], "detail": {text: text}}),
    ):
        assert line.isprintable()
        assert line.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_in_json_every_text_can_be_read_back(text):
    line = line_of("json", "campaign %s", text, extra={"action": text})

    kept = re.sub("[\ud800-\udfff]", "\ufffd", text)
    found = orjson.loads(line)
    assert (found["event"], found["action"]) == (f"campaign {kept}", kept)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_as_text_no_value_looks_like_another_field(text):
    line = line_of("text", "policy:decision", extra={"reason": text, "result": "deny"})

    shown = line.partition(" reason=")[2].removesuffix(" result=deny")
    value, end = json.JSONDecoder().raw_decode(shown) if shown.startswith('"') else (shown, len(shown))
    assert (value, end) == (re.sub("[\ud800-\udfff]", "\ufffd", text), len(shown))


def test_in_json_a_record_has_its_time_level_logger_event_and_fields():
    found = json.loads(
        line_of("json", "policy:loaded", extra={"version": "abc", "since": None, "size": 2**70, "own": True})
    )

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("time"))
    assert list(found.items()) == [
        ("level", "info"),
        ("logger", "gql_approvals.test"),
        ("event", "policy:loaded"),
        ("version", "abc"),
        ("since", None),
        ("size", 2**70),
        ("own", True),
    ]


def test_as_text_a_record_reads_from_left_to_right():
    line = line_of("text", "policy:loaded", extra={"version": "abc", "since": None, "who": "Maya M"})

    time, _, rest = line.partition(" ")
    assert time.endswith("Z")
    assert rest == 'INFO     gql_approvals.test policy:loaded version=abc since=null who="Maya M"'


def test_what_was_raised_is_a_field_in_json_and_indented_below_the_text():
    error = raised(ValueError("bad\n2026-11-21T09:00:00.000Z INFO forged\x1b[0m\r"))

    text, found = (
        line_of("text", "failed", exc_info=error),
        json.loads(line_of("json", "failed", exc_info=error)),
    )

    assert found["exception"].startswith("Traceback (most recent call last):\n")
    assert "forged\x1b[0m\r" in found["exception"]
    first, *below = text.split("\n")
    assert first.endswith(" failed")
    assert below[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") and line.isprintable() for line in below)


@pytest.mark.parametrize(
    ("terminal", "no_colour", "coloured"),
    [(True, None, True), (True, "", True), (True, "1", False), (False, None, False)],
)
def test_there_are_colours_on_a_terminal_only_and_not_against_the_reader_s_wish(
    monkeypatch, terminal, no_colour, coloured
):
    error = io.StringIO()
    monkeypatch.setattr(error, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", error)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour is not None:
        monkeypatch.setenv("NO_COLOR", no_colour)

    assert ("\x1b[" in line_of("text", "hello", extra={"size": 1})) is coloured
    assert "\x1b[" not in line_of("json", "hello")


SPEAKING = """
import logging
from gql_approvals import logs
logging.basicConfig(level=logging.DEBUG, format="old %(message)s")
logs.configure("json")
for name in ("gql_approvals.clock", "uvicorn.error", "uvicorn.access", "tortoise", "httpx"):
    logging.getLogger(name).info("info")
    logging.getLogger(name).warning("warning")
    logging.getLogger(name).debug("debug")
logging.getLogger("uvicorn.error").info("Started [%d]", 7, extra={"color_message": "Started [\\x1b[36m%d]"})
"""


def test_everybody_s_records_come_alike_on_standard_error_each_once():
    done = subprocess.run([sys.executable, "-c", SPEAKING], capture_output=True, text=True, check=True)

    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.stdout == ""
    assert [(record["logger"], record["event"]) for record in found] == [
        ("gql_approvals.clock", "info"),
        ("gql_approvals.clock", "warning"),
        ("uvicorn.error", "info"),
        ("uvicorn.error", "warning"),
        ("uvicorn.access", "warning"),
        ("tortoise", "warning"),
        ("httpx", "warning"),
        ("uvicorn.error", "Started [7]"),
    ]
    assert {frozenset(record) for record in found} == {frozenset({"time", "level", "logger", "event"})}
