"""`python -m tests.faults`: its options, and which runs they mean."""

import json
import logging
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import click
from tests.faults.bugs import BUGS
from tests.faults.planted import catch, kinds_of
from tests.faults.run import GAP_S, STORIES, Plan, Report, run
from tests.faults.table import Total, say, show, violations
from tests.faults.weather.faults import FAULTS, applicable

DATABASES = ("sqlite", "postgresql")
SEGMENT_S = 120.0
LONG_GAP_S = (1.0, 6.0)  # of `--long`: faults are many by then, and between them people get their work done
GOAL_ACKNOWLEDGED, GOAL_FAULTS = 10_000, 250  # on each database
DISK = "disk_full"  # it needs a small disk, which hours of work would fill by themselves
DISK_S = 40.0  # so that its segments are short


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--database", type=click.Choice([*DATABASES, "both"]), default="both", show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=60.0, show_default=True, help="Of each run.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed draws the same stories.")
@click.option("--clients", type=click.IntRange(1, 200), default=16, show_default=True)
@click.option("--accounts", type=click.IntRange(2, 50), default=4, show_default=True)
@click.option("--faults", metavar="A,B,…", help="Only these; `none`: none. By default all that apply.")
@click.option("--stories", metavar="A,B,…", help="Only these. By default all.")
@click.option("--runs", type=click.IntRange(1), default=1, show_default=True, help="With seed, seed + 1, …")
@click.option(
    "--long", "is_long", is_flag=True,
    help=f"On each database, until {GOAL_ACKNOWLEDGED} mutations are acknowledged and {GOAL_FAULTS} faults "
    "have struck; judged every two minutes.",
)  # fmt: skip
@click.option("--planted", is_flag=True, help="Plant mistakes, those NAMED or all, and see them caught.")
@click.option("--list", "listed", is_flag=True, help="List faults, stories and mistakes.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write a report there.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def main(  # noqa: PLR0917  # click passes them by name
    database: str,
    seconds: float,
    seed: int,
    clients: int,
    accounts: int,
    faults: str | None,
    stories: str | None,
    runs: int,
    is_long: bool,  # noqa: FBT001  # click's
    planted: bool,  # noqa: FBT001
    listed: bool,  # noqa: FBT001
    file: Path | None,
    names: tuple[str, ...],
) -> None:
    """Let faults strike a real server under load, and judge what clients were told by what there is.

    Ends with 1 when anything was lost, doubled, out of order, or otherwise what it must never be.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers, disks and folders are put away
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)  # its pool tells of each fault at length
    if listed:
        _list()
        return
    if planted:
        sys.exit(_plant(_known(",".join(names), BUGS, "mistake") or list(BUGS), seed, file))
    if names:
        raise click.UsageError("names go with --planted")
    databases = DATABASES if database == "both" else (database,)
    totals = {one: Total() for one in databases}
    for one in databases:
        plan = Plan(
            one, seconds=SEGMENT_S if is_long else seconds, seed=seed, clients=clients, accounts=accounts,
            faults=_faults(faults, one), stories=_known(stories, STORIES, "story"),
            gap_s=LONG_GAP_S if is_long else GAP_S,
        )  # fmt: skip
        (_go_on if is_long else _some)(plan, totals[one], runs)
    show(totals)
    if file is not None:
        data = {one: total.as_data() for one, total in totals.items()}
        file.write_text(json.dumps(data, indent=2, default=str) + "\n")
    sys.exit(any(total.found for total in totals.values()))


def _some(plan: Plan, total: Total, runs: int) -> None:
    for seed in range(plan.seed, plan.seed + runs):
        _segment(plan, seed, total)


def _go_on(plan: Plan, total: Total, _runs: int) -> None:
    """Segment after segment, each with a database of its own, until the goals are reached."""
    for seed in count(plan.seed):
        _segment(plan, seed, total)
        say(
            f"{plan.database}: {total.acknowledged} of {GOAL_ACKNOWLEDGED} acknowledged, "
            f"{total.faults.total()} of {GOAL_FAULTS} faults, {len(total.found)} violations"
        )
        if total.acknowledged >= GOAL_ACKNOWLEDGED and total.faults.total() >= GOAL_FAULTS:
            return


def _segment(plan: Plan, seed: int, total: Total) -> Report:
    """One run; where the disk is to be full as well, a short one after it, on a small disk."""
    plans = [_with(plan, seed, [name for name in plan.faults if name != DISK], plan.seconds)]
    if DISK in plan.faults:
        others = [name for name in plan.faults if name in {DISK, "kill9_worker", "pause_short", "mail_451"}]
        small = _with(plan, seed, others, min(DISK_S, plan.seconds))
        plans = [*plans, small] if len(plan.faults) > 1 else [small]
    report = None
    for one in plans:
        begun = time.monotonic()
        say(f"{one.database}, seed {seed}: {one.seconds:.0f} s, {len(one.faults)} kinds of faults")
        report = run(one, lambda line: say(f"  {line}"))
        total.add(report)
        say(f"  judged after {time.monotonic() - begun:.0f} s: {len(report.found)} violations")
        violations(f"seed {seed}", report.found)
    assert report is not None
    return report


def _with(plan: Plan, seed: int, faults: Sequence[str], seconds: float) -> Plan:
    return replace(plan, seconds=seconds, seed=seed, faults=tuple(faults))


def _plant(names: Sequence[str], seed: int, file: Path | None) -> int:
    """Each mistake until it is caught, three runs at most."""
    lines: list[tuple[str, str, int, str]] = []
    for name in names:
        bug = BUGS[name]
        report, tries = catch(bug, seed, lambda line: say(f"  {line}"))
        found = kinds_of(report)
        caught = ", ".join(sorted(found & bug.caught)) or "NOT CAUGHT"
        also = ", ".join(sorted(found - bug.caught))
        lines.append((name, bug.database, tries, caught + (f" (also {also})" if also else "")))
        say(f"{name} [{bug.database}]: {lines[-1][3]}")
    say("")
    say(f"{'planted':46}{'database':12}{'runs':>5}  caught as")
    for name, database, tries, caught in lines:
        say(f"{name:46}{database:12}{tries:>5}  {caught}")
    missed = sum(line[3].startswith("NOT") for line in lines)
    say(f"{len(lines) - missed} of {len(lines)} caught")
    if file is not None:
        file.write_text(json.dumps(lines, indent=2) + "\n")
    return int(missed > 0)


def _faults(text: str | None, database: str) -> tuple[str, ...]:
    able = [fault.name for fault in applicable(database)]  # type: ignore[arg-type]
    if text is None:
        return tuple(able)
    if text == "none":
        return ()
    return tuple(name for name in _known(text, FAULTS, "fault") if name in able)


def _known(text: str | None, known: object, what: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    for name in names:
        if name not in known:  # type: ignore[operator]
            raise click.UsageError(f"there is no {what} `{name}`: --list shows all")
    return names


def _list() -> None:
    for title, rows in (
        ("faults", [(fault.name, fault.about) for fault in FAULTS.values()]),
        ("stories", [(name, (story.__doc__ or "").partition("\n")[0]) for name, story in STORIES.items()]),
        ("mistakes", [(bug.name, bug.database) for bug in BUGS.values()]),
    ):
        say(title)
        for name, about in rows:
            say(f"  {name:46} {about}")
