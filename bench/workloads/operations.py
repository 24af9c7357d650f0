"""The operations W1 to W5: what is sent, and who asks."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench.workloads.seed import CHECKER, MAKER, STATUSES, Status, content_hashes
from gql_approvals.workflow.identity import global_id

_FOLDER = Path(__file__).parent / "documents"
INBOX_SIZE, LIST_SIZE = 50, 100
LISTED = ("DRAFT", "PENDING_REVIEW"), ("EMAIL", "SMS")


@dataclass(frozen=True, slots=True)
class Workload:
    """One of the specification's. `name`: as a contender's own route is called."""

    code: str
    name: str
    about: str
    token: str
    writes: bool = False

    @property
    def document(self) -> str:
        """The operation's text."""
        return (_FOLDER / f"{self.name}.graphql").read_text()

    def body(self, variables: dict[str, Any]) -> bytes:
        """What is posted."""
        return json.dumps({"query": self.document, "variables": variables}).encode()


W1 = Workload("W1", "one", "one campaign by id, 12 fields", CHECKER)
W2 = Workload("W2", "inbox", "the inbox, 50 requests with decisions and viewerActions", CHECKER)
W3 = Workload("W3", "submit", "submit a draft", MAKER, writes=True)
W4 = Workload("W4", "approve", "approve what was submitted", CHECKER, writes=True)
W5 = Workload("W5", "list", "100 campaigns, filtered and ordered", CHECKER)
READS = (W1, W2, W5)
WRITES = (W3, W4)
ALL = (W1, W2, W3, W4, W5)


def reading(workload: Workload, campaigns: int) -> list[dict[str, Any]]:
    """The variables that are asked with, in turn."""
    match workload.name:
        case "one":
            return [{"id": campaign_id(number)} for number in _spread(campaigns, 1000)]
        case "inbox":
            return [{"first": INBOX_SIZE}]
        case _:
            status, channel = LISTED
            order = {"field": "UPDATED_AT", "direction": "DESC"}
            narrowed = {"status": list(status), "channel": list(channel)}
            return [{"first": LIST_SIZE, "filter": narrowed, "orderBy": order}]


class Drafts:
    """The campaigns that can be submitted, each of them given out once."""

    def __init__(self, campaigns: int) -> None:
        numbers = range(1, campaigns + 1)
        self._left = iter([n for n in numbers if STATUSES[n % len(STATUSES)] is Status.DRAFT])
        self._hashes = content_hashes(campaigns)

    def take(self, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Variables to submit that many, and to approve the same.

        Raises:
            LookupError: when there are not so many left.
        """
        numbers = list(islice(self._left, count))
        if len(numbers) < count:
            raise LookupError(f"the seed has too few drafts: {count} more are needed")
        submitted = [{"id": campaign_id(number)} for number in numbers]
        return submitted, [
            {**one, "contentHash": self._hashes[number]}
            for one, number in zip(submitted, numbers, strict=True)
        ]


def campaign_id(number: int) -> str:
    """A campaign's id in the API."""
    return global_id("Campaign", number)


def _spread(campaigns: int, count: int) -> Iterable[int]:
    """Numbers from everywhere, in no order that a cache likes."""
    return _numbers(campaigns, min(count, campaigns))


def _numbers(campaigns: int, count: int) -> Iterator[int]:
    for step in range(count):
        yield 1 + step * 7919 % campaigns
