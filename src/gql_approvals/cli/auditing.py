"""What `audit` does, and what `backup` and `restore` do to prove that a chain is whole."""

import json
from collections.abc import Collection, Iterable
from typing import TextIO

import click

from gql_approvals.cli.progress import progress
from gql_approvals.persistence import chain
from gql_approvals.persistence.chain import Head, Verdict
from gql_approvals.persistence.snapshot import Snapshot, snapshot


async def verify(
    url: str, slugs: Collection[str] = (), saved: Iterable[Head] = (), form: str = "text"
) -> list[Verdict]:
    """Recompute the chains of these accounts, by default all, with a bar where somebody is watching.

    Raises:
        click.ClickException: when there is no such account.
        BadDatabase: when the database cannot be read.
    """
    async with snapshot(url) as reading:
        await _require(reading, slugs)
        with progress("audit entries", form) as bar:
            checked = chain.check(reading, slugs, saved=saved, expect=bar.expect, advance=bar.advance)
            return [verdict async for verdict in checked]


async def heads(url: str, slugs: Collection[str]) -> list[Head]:
    """The heads of these accounts, by default all.

    Raises:
        click.ClickException: when there is no such account.
        BadDatabase: when the database cannot be read.
    """
    async with snapshot(url) as reading:
        await _require(reading, slugs)
        return [one for one in await chain.heads(reading) if not slugs or one.account in slugs]


async def export(url: str, slug: str, file: TextIO) -> int:
    """Write an account's entries as lines, and give how many there are.

    Raises:
        click.ClickException: when there is no such account, or an entry cannot be read.
        BadDatabase: when the database cannot be read.
    """
    written = 0
    async with snapshot(url) as reading:
        await _require(reading, [slug])
        try:
            async for entry in chain.entries(reading, slug):
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
                written += 1
        except (ValueError, TypeError, AttributeError) as error:
            why = f"entry {written + 1} of `{slug}` cannot be read"
            raise click.ClickException(f"{why}: `gql-approvals audit verify {slug}` says more") from error
    return written


def line(verdict: Verdict) -> str:
    """What was found, for people."""
    finding, slug = verdict.finding, verdict.head.account
    if finding is not None:
        return f"{slug}: TAMPERED at entry {finding.seq} ({finding.mismatch}): {finding.message}"
    noun = "entry" if verdict.entries == 1 else "entries"
    compared = f", saved heads that fit: {verdict.saved}" if verdict.saved else ""
    return f"{slug}: {verdict.entries} {noun}, head {verdict.head.hash}{compared}"


def as_data(verdict: Verdict) -> dict[str, object]:
    """The same for programs."""
    finding = verdict.finding
    return {
        "account": verdict.head.account,
        "entries": verdict.entries,
        "head": {"seq": verdict.head.seq, "hash": verdict.head.hash},
        "savedHeads": verdict.saved,
        "firstBad": finding
        and {"seq": finding.seq, "mismatch": finding.mismatch.value, "message": finding.message},
    }


async def _require(reading: Snapshot, slugs: Iterable[str]) -> None:
    known = [head.account for head in await chain.heads(reading)]
    unknown = [slug for slug in slugs if slug not in known]
    if unknown:
        names = ", ".join(f"`{slug}`" for slug in unknown)
        there = ", ".join(known[:20]) or "none"
        raise click.ClickException(f"there is no account {names}: there are {there}")
