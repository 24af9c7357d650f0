"""The harness for a moment on each database, and a few planted mistakes; `make faults` runs all of it."""

import pytest
from tests.faults.bugs import BUGS
from tests.faults.planted import catch, edited, kinds_of
from tests.faults.run import DIRECTED, Plan, run
from tests.faults.weather.faults import FAULTS

QUICK = ("kill9_worker", "pause_short", "mail_451", "mail_drop", "http_500", "http_hang")
OF_POSTGRESQL = ("pg_terminate", "net_reset")
CAUGHT = (
    "makers may decide on their own work",
    "keys are not remembered",
    "marked as delivered before it is sent",
    "expectedVersion is not looked at",
)


@pytest.mark.alone
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_when_faults_strike(database: str):
    faults = QUICK if database == "sqlite" else QUICK + OF_POSTGRESQL
    report = run(Plan(database, seconds=20, seed=4, faults=faults))
    assert report.found == []
    assert report.history.count()["ok"] > 0
    assert report.faults.total() > 0


@pytest.mark.alone
@pytest.mark.parametrize("name", CAUGHT)
def test_a_planted_mistake_is_caught(name: str):
    report, _ = catch(BUGS[name], 1, lambda _: None)
    assert kinds_of(report) & BUGS[name].caught, report.history.count()


@pytest.mark.parametrize("name", BUGS)
def test_every_mistake_fits_the_source_and_the_harness(name: str):
    bug = BUGS[name]
    for file, text in edited(bug).items():
        compile(text, file, "exec")
    assert set(bug.faults) <= set(FAULTS)
    assert bug.caught


def test_every_mistake_has_a_story_that_is_told():
    directed = set().union(*(bug.stories for bug in BUGS.values())) & set(DIRECTED)
    assert len(BUGS) >= 15
    assert len(directed) >= 8
