"""recordDeliveryMetrics."""

import pytest
from tests.schema.client import on_one_database, paths_of

pytestmark = pytest.mark.wide

FIGURES = {"sent": 900, "delivered": 890, "opened": 300, "clicked": 40, "failed": 10}


async def test_the_sending_system_reports_and_the_later_report_wins(api):
    campaign = await api.sent()
    publication = campaign["live"]["id"]
    await api.mutate("dora", "recordDeliveryMetrics", publicationId=publication, **FIGURES | {"sent": 1})
    api.clock.pass_(hours=1)

    done = await api.send(
        "dora",
        "recordDeliveryMetrics",
        "publication { id metrics { sent delivered opened clicked failed updatedAt } }",
        publicationId=publication,
        **FIGURES,
    )

    metrics = FIGURES | {"updatedAt": "2026-11-21T10:00:00Z"}
    assert done["publication"] == {"id": publication, "metrics": metrics}
    after = await api.campaign(campaign["id"])
    assert (after["metrics"], after["version"]) == (
        metrics,
        campaign["version"],
    )  # figures are no change of it
    assert (await api.kinds(campaign["id"]))[-1] == "delivery:metrics_recorded"


@on_one_database
async def test_an_older_publication_keeps_its_own_figures(api):
    campaign = await api.sent()
    old = campaign["live"]["id"]
    draft = await api.edited(campaign)
    campaign = await api.decided((await api.act("maya", "submitCampaign", draft))["campaign"])

    await api.mutate("dora", "recordDeliveryMetrics", publicationId=old, **FIGURES)

    assert (await api.campaign(campaign["id"]))["metrics"]["sent"] == 0


@on_one_database
@pytest.mark.parametrize("field", sorted(FIGURES))
@pytest.mark.sampled
async def test_no_figure_is_negative(api, field):
    publication = (await api.sent())["live"]["id"]

    refused = await api.refused(
        "dora", "recordDeliveryMetrics", publicationId=publication, **FIGURES | {field: -1}
    )
    assert paths_of(refused) == [field]


async def test_every_figure_may_be_zero_or_as_large_as_an_int(api):
    publication = (await api.sent())["live"]["id"]

    for figure in (0, 2**31 - 1):
        given = dict.fromkeys(FIGURES, figure)
        done = await api.mutate(
            "dora",
            "recordDeliveryMetrics",
            "publication { metrics { sent } }",
            publicationId=publication,
            **given,
        )
        assert done["publication"]["metrics"]["sent"] == figure


@on_one_database
async def test_only_the_sending_system_reports(api):
    publication = (await api.sent())["live"]["id"]

    for who in ("maya", "chen", "ada"):
        refused = await api.refused(who, "recordDeliveryMetrics", publicationId=publication, **FIGURES)
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "record_metrics")
