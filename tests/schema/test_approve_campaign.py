"""approveCampaign."""


async def test_a_checker_approves_and_the_campaign_is_sent(api):
    campaign = await api.submitted()

    done = await api.send(
        "chen",
        "approveCampaign",
        "decision { verdict by { name } } campaign { status live { authorisation } }",
        campaignId=campaign["id"],
        contentHash=campaign["head"]["contentHash"],
    )

    assert done["decision"] == {"verdict": "APPROVED", "by": {"name": "Chen"}}
    assert done["campaign"] == {"status": "SENT", "live": {"authorisation": "QUORUM"}}
    assert await api.kinds(campaign["id"]) == [
        "campaign:created",
        "campaign:submitted",
        "campaign:approved",
        "campaign:sent",
    ]
