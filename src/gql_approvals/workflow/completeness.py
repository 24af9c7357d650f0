"""What an input must be to be stored, and what a content must be to be submitted."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import cast

from gql_approvals.errors import Problem
from gql_approvals.workflow.content import CHANNEL_OF, NOT_CANONICAL, camel, canonical, is_storable
from gql_approvals.workflow.intent import Intent, Unset
from gql_approvals.workflow.model import Revision
from gql_approvals.workflow.vocabulary import Action, Channel, PublishMode

MAX_NAME = 200
MAX_EMAIL = 320
MAX_COMMENT = 10_000
MAX_AUDIENCE = 2**31 - 1  # the API's Int
MAX_DEPTH = 100  # of an audience's definition
CHANNELS_BY_TYPE: Mapping[type, Channel] = dict(CHANNEL_OF.items())
NEEDS_NAME = frozenset({Action.CREATE})
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
UNSTORABLE = "contains a character that cannot be stored (NUL or half of a surrogate pair)"


def created_schedule(intent: Intent) -> tuple[PublishMode, datetime | None]:
    """The publish mode and time of a new campaign; without a mode, a time means SCHEDULED."""
    time = None if isinstance(intent.scheduled_at, Unset) else intent.scheduled_at
    default = PublishMode.ON_APPROVAL if time is None else PublishMode.SCHEDULED
    return intent.publish_mode or default, time


def blanks(revision: Revision) -> tuple[Problem, ...]:
    """Every text that is there but blank, by its path in an input."""
    channel = CHANNEL_OF[type(revision.content)]
    copy = _texts(revision.content, ("content", _member_of(channel)))
    audience = [(("audience", "segment"), revision.audience.segment)]
    return tuple(
        Problem(path, "must not be blank when it is submitted")
        for path, text in [*copy, *audience]
        if not text.strip()
    )


def unfit(intent: Intent, channel: Channel | None) -> tuple[Problem, ...]:
    """What of an input cannot be accepted at all."""
    if intent.audience is not None and _is_deeper(intent.audience.definition, MAX_DEPTH):
        return (Problem(("audience", "definition"), f"is nested deeper than {MAX_DEPTH} levels"),)
    return (
        *_bad_texts(intent),
        *_bad_name(intent),
        *_bad_body(intent),
        *_bad_content(intent, channel),
        *_bad_audience(intent),
    )


def unfit_person(email: str, name: str) -> Iterator[Problem]:
    """What of an address and a name nobody can be let in with."""
    if not EMAIL.fullmatch(email) or not email.isprintable() or len(email.lower()) > MAX_EMAIL:
        yield Problem(("email",), f"`{email}` is no address: write name@example.com")
    yield from unfit_name(name)


def unfit_name(name: str) -> Iterator[Problem]:
    """What of the name of a person or an account cannot be accepted."""
    if not 0 < len(name.strip()) <= MAX_NAME:
        yield Problem(("name",), f"must have from 1 to {MAX_NAME} characters")
    elif not is_storable(name):
        yield Problem(("name",), UNSTORABLE)


def _bad_texts(intent: Intent) -> Iterator[Problem]:
    for path, text in _texts(intent, ()):
        if not is_storable(text):
            yield Problem(path, UNSTORABLE)


def _bad_name(intent: Intent) -> Iterator[Problem]:
    name = intent.name
    if name is None and intent.action not in NEEDS_NAME:
        return
    if not (name or "").strip():
        yield Problem(("name",), "must not be blank")
    elif len(name or "") > MAX_NAME:
        yield Problem(("name",), f"has {len(name or '')} characters; {MAX_NAME} are allowed")


def _bad_body(intent: Intent) -> Iterator[Problem]:
    body = intent.body or ""
    if intent.action is not Action.COMMENT:
        return
    if not body.strip():
        yield Problem(("body",), "must not be blank")
    elif len(body) > MAX_COMMENT:
        yield Problem(("body",), f"has {len(body)} characters; {MAX_COMMENT} are allowed")


def _bad_content(intent: Intent, channel: Channel | None) -> Iterator[Problem]:
    if intent.content is None or channel is None:
        return
    given = CHANNEL_OF[type(intent.content)]
    if given is not channel:
        yield Problem(
            ("content", _member_of(given)),
            f"the campaign's channel is `{channel}` for ever: send `content.{_member_of(channel)}`",
        )


def _bad_audience(intent: Intent) -> Iterator[Problem]:
    if intent.audience is None:
        return
    if not 0 <= intent.audience.estimated_size <= MAX_AUDIENCE:
        yield Problem(("audience", "estimatedSize"), f"must be from 0 to {MAX_AUDIENCE}")
    try:
        canonical(intent.audience.definition)
    except NOT_CANONICAL:
        yield Problem(
            ("audience", "definition"), "holds a number that JSON clients do not agree on (over 2^53)"
        )


def _is_deeper(value: object, levels: int) -> bool:
    if isinstance(value, Mapping):
        items = list(cast("Mapping[str, object]", value).values())
    elif isinstance(value, (tuple, list)):
        items = list(cast("Sequence[object]", value))
    else:
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)


def _member_of(channel: Channel) -> str:
    return camel(channel.lower())


def _texts(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text within an input value, with its path: fields by their API names, lists by index."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield (*path, key), key
            yield from _texts(item, (*path, key))
    elif isinstance(value, (tuple, list)):
        for index, item in enumerate(cast("Sequence[object]", value)):
            yield from _texts(item, (*path, str(index)))
    elif is_dataclass(value):
        channel = CHANNELS_BY_TYPE.get(type(value)) if path == ("content",) else None
        below = path if channel is None else (*path, _member_of(channel))
        for field in fields(value):
            yield from _texts(getattr(value, field.name), (*below, camel(field.name)))
