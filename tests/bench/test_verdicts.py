"""A missed target, a floor and a difference end a run with 1; each of them can happen."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from bench.rows import Row
from bench.workloads import measure, page
from bench.workloads.filling import file_of
from bench.workloads.growth import PAGES, Point
from bench.workloads.growth import rows as growth_rows
from bench.workloads.outcome import TARGETS, Run, Series, Turn, from_json
from bench.workloads.picture import svg
from bench.workloads.same import Different, check_same
from bench.workloads.serving import HAND_WRITTEN, serving
from tests.bench.conftest import CAMPAIGNS

from bench import quick

ROOT = Path(__file__).parents[2]
CONDITIONS = {
    "date": "2026-11-30", "machine": "this one", "load": 0.1, "campaigns": 10_000, "rounds": 3,
    "seconds": 2.0, "concurrency": 8,
}  # fmt: skip
OF_AN_INBOX = """
SELECT max(id) FROM decision WHERE request_id = (SELECT min(r.id) FROM approval_request r
WHERE status = 'OPEN' AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.request_id = r.id AND d.by_id = 1))"""


def turns(*per_s: float) -> list[Turn]:
    return [Turn(per_s=one, cpu_ms=1e3 / one, database_ms=0.1, p50_ms=1.0, p99_ms=2.0) for one in per_s]


def run(product: float, hand_written: float, statements: float = 2.0) -> Run:
    """W1 on PostgreSQL: the product beside the other two, in three rounds of another speed each."""
    speeds = {"product": product, "idiomatic": 1.0, "hand-written": hand_written}
    series = [
        Series("PostgreSQL", "W1", name, turns(speed, 2 * speed, 3 * speed), statements)
        for name, speed in speeds.items()
    ]
    return Run(conditions=CONDITIONS, series=series)


def verdicts(found: Run) -> dict[str, bool | None]:
    return {row.what: row.met for row in measure.rows(found, "PostgreSQL") if row.target}


def test_a_ratio_below_its_target_is_missed():
    assert TARGETS["W1", "hand-written"] == 0.7
    assert verdicts(run(71, 100))["W1 PostgreSQL, product to hand-written"] is True
    assert verdicts(run(69, 100))["W1 PostgreSQL, product to hand-written"] is False
    assert verdicts(run(9, 10))["W1 PostgreSQL, product to idiomatic"] is False


def test_ratios_are_taken_within_a_round():
    [ratio] = [one for one in run(50, 100).ratios() if one.other == "hand-written"]
    assert (ratio.median, ratio.least, ratio.greatest) == (0.5, 0.5, 0.5)


def test_too_many_statements_are_missed():
    what = "W1 PostgreSQL, product: SQL statements a request"
    assert verdicts(run(80, 100, statements=2))[what] is True
    assert verdicts(run(80, 100, statements=3))[what] is False


def test_results_come_back_from_their_json():
    found = run(80, 100)
    assert from_json(json.loads(json.dumps(found.as_json()))) == found


def test_the_page_and_the_picture_name_every_server():
    found = run(80, 100)
    text, picture = "\n".join(page.tables(found)), svg(found)
    for series in found.series:
        assert series.contender in text
        assert f">{series.contender}<" in picture
    assert "target ≥ 0.7" in text


def test_the_page_keeps_what_stands_around_the_results():
    text = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    assert page.regenerated(text).startswith(f"before\n{page.BEGIN}\n")
    assert page.regenerated(text).endswith(f"{page.END}\nafter\n")
    assert "old" not in page.regenerated(text)
    with pytest.raises(LookupError, match="has not both"):
        page.regenerated("a page without marks")


def test_the_page_has_the_results_that_are_kept():
    text = page.PAGE.read_text("utf-8")
    assert page.regenerated(text) == text, "run `python -m bench.workloads.page`"


def test_memory_that_grows_is_missed():
    def grown(last: int) -> list[bool | None]:
        values = {20_000: 90, 40_000: 91, 60_000: 91, 80_000: 92, 100_000: last}
        points = [
            *(Point(database="SQLite", what="page", at=at, value=1.0, unit="ms") for at in PAGES),
            *(Point(database="SQLite", what=what, at=at, value=1.0, unit="ms")
              for what in ("inbox", "by id") for at in (10_000, 1_000_000)),
            *(Point(database="SQLite", what="memory", at=at, value=mb * 2.0**20, unit="bytes")
              for at, mb in values.items()),
            Point(database="SQLite", what="start", at=1, value=1.0, unit="s"),
            *(Point(database="SQLite", what="workers", at=at, value=at, unit="per s") for at in (1, 2)),
        ]  # fmt: skip
        return [row.met for row in growth_rows(points) if "memory" in row.what or "the same" in row.what]

    assert grown(93) == [True, True]
    assert grown(110) == [True, False]
    assert grown(121) == [False, False]


def test_a_floor_that_is_missed_or_cannot_be_measured_ends_with_1():
    held, missed = Row("a", "5 x", ">= 4 x", met=True), Row("b", "3 x", ">= 4 x", met=False)
    assert quick.verdict([held]) == ("every floor holds", 0)
    assert quick.verdict([held, missed]) == ("FAILED: b: 3 x, not >= 4 x", 1)
    assert quick.verdict([]) == ("FAILED: nothing was measured", 1)


@pytest.mark.slow
def test_a_benchmark_that_does_not_exist_is_named():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there are policy-decisions" in done.stderr


@pytest.mark.slow
def test_servers_that_answer_differently_are_not_measured(small_sqlite, folder):
    other = folder / "other.db"
    shutil.copyfile(file_of(small_sqlite), other)
    renamed = replace(HAND_WRITTEN, name="another")
    with (
        serving(HAND_WRITTEN, small_sqlite, folder) as first,
        serving(renamed, f"sqlite:///{other}", folder) as second,
    ):
        check_same([first, second], CAMPAIGNS)
        with closing(sqlite3.connect(other)) as connection, connection:
            connection.execute(f"UPDATE decision SET reason = 'Another.' WHERE id = ({OF_AN_INBOX})")  # noqa: S608
        with pytest.raises(Different, match=r"W2: hand-written and another differ at .*reason: .*'Another.'"):
            check_same([first, second], CAMPAIGNS)
