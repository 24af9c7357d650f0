"""The whole story of a campaign approval, told over HTTP against a running `gql-approvals demo`.

    python examples/story.py --url http://127.0.0.1:8000/graphql

Every step prints one line. The script ends with status 1 at the first step that is answered differently.
It can be run again and again: it makes campaigns of its own, and leaves people and switch as they were.
"""

# ruff: noqa: INP001 - a script, not a package
# ruff: noqa: ANN401 - what a GraphQL server takes and answers is any JSON

import argparse
import html
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import httpx

CAMPAIGN = """
  id name status version authorisation
  head { number contentHash contributors { name } }
  live { id contentHash authorisation handedOverAt revision { number } metrics { sent delivered } }
  openRequest { contentHash requirements { role needed left } }
"""
MORE = {
    "ApproveCampaign": """... on StaleRevision { currentContentHash changedSections }
                          ... on AlreadyDecided { verdict by { name } }""",
    "DisableApprovals": "... on DisableApprovalsPayload { approved expired }",
    "EnableApprovals": "... on EnableApprovalsPayload { account { approvalsEnabled } }",
    "RecordDeliveryMetrics": "... on RecordDeliveryMetricsPayload { publication { id } }",
    "AssignRoles": "... on AssignRolesPayload { member { roles } }",
}
COPIES: dict[str, dict[str, Any]] = {
    "email": {"subject": "Sale", "fromName": "Acme", "fromEmail": "news@acme.test", "html": "<p>Buy!</p>"},
    "sms": {"senderId": "ACME", "body": "Buy!"},
    "appPush": {"title": "Sale", "body": "Buy!"},
    "whatsapp": {"templateName": "sale", "language": "en_US", "parameters": ["10 %"]},
    "webPush": {"title": "Sale", "body": "Buy!", "url": "https://acme.test/sale"},
    "onsite": {"placement": "home/top", "html": "<p>Buy!</p>"},
}
REASON = "The offer ends before the mail arrives."
PATIENCE_S = 20
Campaign = dict[str, Any]


class Different(Exception):
    """A step was answered differently."""


class Story:
    """The people, by the demo's tokens, and what they can say."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url, self.client = url, client
        self.tale = f"Story {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"

    def ask(self, who: str, query: str, **variables: Any) -> dict[str, Any]:
        """Post a query and return its data."""
        headers = {"Authorization": f"Bearer demo-insecure-{who}"}
        answer = self.client.post(self.url, json={"query": query, "variables": variables}, headers=headers)
        body = answer.json()
        if answer.status_code != httpx.codes.OK or "errors" in body:
            raise Different(f"{who} asked and was answered {answer.status_code}: {body}")
        return dict(body["data"])

    def send(self, who: str, mutation: str, **given: Any) -> dict[str, Any]:
        """Call a mutation and return its result, payload or refusal."""
        name = mutation[0].upper() + mutation[1:]
        payload = "" if mutation in PLAIN else f"... on {name}Payload {{ campaign {{ {CAMPAIGN} }} }}"
        document = (
            f"mutation Do($input: {name}Input!) {{ {mutation}(input: $input) "
            f"{{ __typename ... on UserError {{ code message }} {MORE.get(name, '')} {payload} }} }}"
        )
        return dict(self.ask(who, document, input=given)[mutation])

    def does(self, who: str, mutation: str, **given: Any) -> dict[str, Any]:
        """Call a mutation that is accepted; return its campaign, if it has one."""
        result = self.send(who, mutation, **given)
        if not result["__typename"].endswith("Payload"):
            raise Different(f"{who} called {mutation} and was refused: {result['code']}, {result['message']}")
        return dict(result.get("campaign", result))

    def may_not(self, who: str, mutation: str, code: str, **given: Any) -> dict[str, Any]:
        """Call a mutation that is refused with this code."""
        result = self.send(who, mutation, **given)
        expect(result.get("code") == code, f"{who} called {mutation}: expected {code}, got {result}")
        return result

    def create(self, who: str, channel: str = "email", people: int = 1000, **more: Any) -> Campaign:
        """Create a campaign."""
        content = {channel: COPIES[channel]}
        audience = {"segment": "Customers", "estimatedSize": people}
        return self.does(who, "createCampaign", name=self.tale, content=content, audience=audience, **more)

    def submitted(self, who: str, channel: str = "email", people: int = 1000) -> Campaign:
        """Create and submit a campaign."""
        return self.does(who, "submitCampaign", campaignId=self.create(who, channel, people)["id"])

    def edit(self, who: str, campaign: Campaign, subject: str, **more: Any) -> Campaign:
        """Write another subject."""
        given = {"campaignId": campaign["id"], "expectedVersion": campaign["version"], **more}
        content = {"email": {**COPIES["email"], "subject": subject}}
        return self.does(who, "updateCampaign", content=content, **given)

    def campaign(self, campaign: Campaign, who: str = "vera") -> Campaign:
        """A campaign as it is now."""
        query = f"query($id: ID!) {{ campaign(id: $id) {{ {CAMPAIGN} }} }}"
        return dict(self.ask(who, query, id=campaign["id"])["campaign"])

    def page(self, path: str) -> str:
        """A page of the demo, its texts unescaped."""
        answer = self.client.get(urljoin(self.url, path))
        expect(answer.status_code == httpx.codes.OK, f"{path} answered {answer.status_code}")
        return html.unescape(answer.text)

    def eventually(self, what: str, question: Callable[[], Any]) -> Any:
        """Ask until the answer is yes: mails and hand-overs leave after the mutation was answered."""
        deadline = time.monotonic() + PATIENCE_S
        while not (answer := question()):
            expect(time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}")
            time.sleep(0.2)
        return answer


PLAIN = frozenset({"disableApprovals", "enableApprovals", "recordDeliveryMetrics", "assignRoles"})


def say(line: str) -> None:
    """Tell one step."""
    sys.stdout.write(f"  {line}\n")


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # reads like assert
    """End the story unless this holds."""
    if not holds:
        raise Different(otherwise)


def exactly(campaign: Campaign) -> dict[str, str]:
    """What a decision names: the campaign, and the content that was looked at."""
    return {"campaignId": campaign["id"], "contentHash": campaign["head"]["contentHash"]}


# ------------------------------------------------------------------------------------------------- chapters
def rejected_and_resubmitted(story: Story) -> Campaign:
    """From the first draft to the second try."""
    campaign = story.submitted("maya")
    say(f"maya creates the e-mail campaign `{campaign['name']}` and submits it: {campaign['status']}")
    story.may_not("maya", "approveCampaign", "FORBIDDEN", **exactly(campaign))
    say("maya may not approve it: FORBIDDEN")
    campaign = story.does("chen", "rejectCampaign", reason=REASON, **exactly(campaign))
    expect(campaign["status"] == "REJECTED", f"chen rejected: {campaign}")
    say(f"chen rejects it: “{REASON}”")
    link = story.eventually("the mail of the rejection", lambda: rejection_mail(story))
    say(f"the mail with the reason is on its way to maya: {link}")
    campaign = story.edit("maya", campaign, "Sale, one more week")
    expect(campaign["head"]["number"] == 2, f"the edit made no second revision: {campaign}")  # noqa: PLR2004
    campaign = story.does("maya", "submitCampaign", campaignId=campaign["id"])
    say(f"maya writes revision 2 and resubmits: {campaign['status']}")
    return campaign


def rejection_mail(story: Story) -> str | None:
    """The address of the demo's page with the mail, once it is there."""
    for path in re.findall(r"/dev/outbox/\d+", story.page("/dev/outbox")):
        text = story.page(path)
        if story.tale in text and REASON in text and "maya@acme.test" in text:
            return urljoin(story.url, path)
    return None


def changed_while_pending(story: Story, campaign: Campaign) -> Campaign:
    """An approval is for what was read, and for nothing else."""
    old = exactly(campaign)
    changed = {
        "campaignId": campaign["id"],
        "expectedVersion": campaign["version"],
        "content": {"email": {**COPIES["email"], "subject": "Sale, ends Sunday"}},
    }
    story.may_not("maya", "updateCampaign", "UNDER_REVIEW", **changed)
    say("maya cannot change it by accident while it is under review: UNDER_REVIEW")
    campaign = story.does("maya", "updateCampaign", ifPending="WITHDRAW", **changed)
    campaign = story.does("maya", "submitCampaign", campaignId=campaign["id"])
    say(f"she says WITHDRAW, edits, and resubmits: revision {campaign['head']['number']}")
    stale = story.may_not("chen", "approveCampaign", "STALE_REVISION", **old)
    expect(stale["currentContentHash"] == campaign["head"]["contentHash"], f"another hash: {stale}")
    say(f"chen approves what he read before: STALE_REVISION, {', '.join(stale['changedSections'])} changed")
    campaign = story.does("chen", "approveCampaign", **exactly(campaign))
    expect((campaign["status"], campaign["authorisation"]) == ("SENT", "QUORUM"), f"approved: {campaign}")
    say(f"chen approves exactly {campaign['head']['contentHash'][:12]}…: {campaign['status']}")
    return campaign


def handed_over_once(story: Story, campaign: Campaign) -> None:
    """The sending system gets it, signed."""

    def taken() -> Any:
        live = story.campaign(campaign)["live"]
        return live and live["handedOverAt"]

    say(f"it is handed over at {story.eventually('the hand-over', taken)}")
    seen = story.page("/dev/deliveries").count(f'"publication": "{campaign["live"]["id"]}"')
    expect(seen == 1, f"/dev/deliveries shows it {seen} times")
    say(f"the sending system has it once: {urljoin(story.url, '/dev/deliveries')}")
    late = story.may_not("cleo", "approveCampaign", "ALREADY_DECIDED", **exactly(campaign))
    say(f"cleo comes too late: ALREADY_DECIDED, {late['verdict']} by {late['by']['name']}")


def edited_after_sending(story: Story, campaign: Campaign) -> None:
    """What is live stays live until the next one is sent."""
    figures = {"sent": 990, "delivered": 970, "opened": 300, "clicked": 40, "failed": 20}
    story.does("dora", "recordDeliveryMetrics", publicationId=campaign["live"]["id"], **figures)
    say("dora, the sending system, reports 990 sent and 970 delivered")
    draft = story.edit("maya", campaign, "Sale, extended")
    kept = (draft["live"]["id"], draft["live"]["metrics"])
    expect(draft["status"] == "DRAFT", f"the edit of a sent one: {draft}")
    expect(
        kept == (campaign["live"]["id"], {"sent": 990, "delivered": 970}), f"what is live changed: {draft}"
    )
    say(
        f"maya edits the sent one: revision {draft['head']['number']} is a draft, what is live stays as it is"
    )
    pending = story.does("maya", "submitCampaign", campaignId=draft["id"])
    expect(pending["live"]["id"] == campaign["live"]["id"], f"what is live changed: {pending}")
    sent = story.does("chen", "approveCampaign", **exactly(pending))
    expect(sent["live"]["revision"]["number"] == draft["head"]["number"], f"not the new one: {sent}")
    expect(sent["live"]["metrics"] == {"sent": 0, "delivered": 0}, f"figures were carried over: {sent}")
    say("chen approves it: now it is live, and its figures begin at zero")


def nobody_decides_on_their_own(story: Story) -> None:
    """Administrators included."""
    campaign = story.edit("ada", story.create("maya"), "Sale, says ada")
    campaign = story.does("maya", "submitCampaign", campaignId=campaign["id"])
    story.may_not("ada", "approveCampaign", "SELF_REVIEW", **exactly(campaign))
    say("ada, an administrator, edited a campaign and may not approve it: SELF_REVIEW")
    expect(story.does("cleo", "approveCampaign", **exactly(campaign))["status"] == "SENT", "cleo approved")
    say("cleo, who did not, approves it: SENT")


def custom_roles(story: Story) -> None:
    """Roles that acme's policy file made up."""
    small, large = story.submitted("maya", "sms", 20_000), story.submitted("maya", "sms", 60_000)
    mail = story.submitted("maya", "email", 20_000)
    expect(story.does("sofia", "approveCampaign", **exactly(small))["status"] == "SENT", "sofia approved")
    say("sofia, a text approver, approves an SMS to 20 000: SENT")
    story.may_not("sofia", "approveCampaign", "FORBIDDEN", **exactly(large))
    story.may_not("sofia", "approveCampaign", "FORBIDDEN", **exactly(mail))
    say("she may approve neither one to 60 000 nor an e-mail: FORBIDDEN")
    everybody = story.submitted("max", "email", 100_000)
    half = story.does("chen", "approveCampaign", **exactly(everybody))
    needed = {one["role"] for one in half["openRequest"]["requirements"] if one["left"]}
    expect((half["status"], needed) == ("PENDING_REVIEW", {"legal_reviewer"}), f"after chen: {half}")
    say("an e-mail to 100 000: chen, a checker, approves, and the legal reviewer is still missing")
    expect(story.does("leo", "approveCampaign", **exactly(everybody))["status"] == "SENT", "leo approved")
    say("leo, the legal reviewer, approves as well: SENT")
    for campaign in (large, mail):
        story.does("maya", "archiveCampaign", campaignId=campaign["id"])


def member_without_a_role(story: Story) -> None:
    """Sees everything, may do nothing."""
    members = story.ask("ada", "{ members(first: 100) { edges { node { id roles user { email } } } } }")
    found = [edge["node"] for edge in members["members"]["edges"]]
    vera = next(member for member in found if member["user"]["email"] == "vera@acme.test")
    story.does("ada", "assignRoles", memberId=vera["id"], roles=[])
    try:
        campaign = story.submitted("maya")
        expect(story.campaign(campaign, "vera")["status"] == "PENDING_REVIEW", "vera sees another status")
        given = {
            "name": "x",
            "content": {"sms": COPIES["sms"]},
            "audience": {"segment": "x", "estimatedSize": 1},
        }
        story.may_not("vera", "createCampaign", "FORBIDDEN", **given)
        actions = "query($id: ID!) { campaign(id: $id) { viewerActions { action allowed } } }"
        verdicts = story.ask("vera", actions, id=campaign["id"])["campaign"]["viewerActions"]
        allowed = [verdict["action"] for verdict in verdicts if verdict["allowed"]]
        expect(allowed == ["VIEW"], f"vera may {allowed}")
        for mutation, more in (
            ("approveCampaign", exactly(campaign)),
            ("rejectCampaign", {**exactly(campaign), "reason": "No."}),
            ("withdrawCampaign", {"campaignId": campaign["id"]}),
            ("archiveCampaign", {"campaignId": campaign["id"]}),
            ("duplicateCampaign", {"campaignId": campaign["id"]}),
        ):
            story.may_not("vera", mutation, "FORBIDDEN", **more)
        story.does("maya", "withdrawCampaign", campaignId=campaign["id"])
    finally:
        story.does("ada", "assignRoles", memberId=vera["id"], roles=vera["roles"])
    say("vera, without any role, sees every campaign and may do nothing: FORBIDDEN, six times")


def all_six_channels(story: Story) -> None:
    """Each with its own copy."""
    for channel in COPIES:
        sent = story.does("chen", "approveCampaign", **exactly(story.submitted("max", channel)))
        expect(sent["status"] == "SENT", f"{channel}: {sent}")
    say(f"all six channels go the same way: {', '.join(COPIES)}")


def switched_off_and_on(story: Story) -> None:
    """Seed A's switch."""
    waiting = [story.submitted("maya", "email"), story.submitted("max", "sms")]
    asked = "{ disableApprovalsPreview { confirmToken wouldApprove wouldExpire } }"
    preview = story.ask("ada", asked)["disableApprovalsPreview"]
    expect(preview["wouldApprove"] >= len(waiting), f"the preview: {preview}")
    say(f"ada previews switching approvals off: {preview['wouldApprove']} would be approved")
    another = story.submitted("maya", "onsite")
    story.may_not("ada", "disableApprovals", "PREVIEW_OUTDATED", confirmToken=preview["confirmToken"])
    say("meanwhile maya submits another: ada's preview does not count any more, PREVIEW_OUTDATED")
    preview = story.ask("ada", asked)["disableApprovalsPreview"]
    done = story.does("ada", "disableApprovals", confirmToken=preview["confirmToken"])
    try:
        expect(done["approved"] == preview["wouldApprove"], f"switched off: {done}, previewed {preview}")
        story.may_not("maya", "submitCampaign", "APPROVALS_OFF", campaignId=story.create("maya")["id"])
        say(f"she looks again and switches off: {done['approved']} were approved; nothing can be submitted")
    finally:
        story.does("ada", "enableApprovals")
    for campaign in (*waiting, another):
        now = story.campaign(campaign)
        expect(now["live"]["authorisation"] == "AUTO_DISABLED", f"it does not say so: {now}")
    say("she switches on again, and those campaigns say AUTO_DISABLED for ever")


def tell(url: str) -> None:
    """Tell all of it."""
    with httpx.Client(timeout=30, trust_env=False) as client:
        story = Story(url, client)
        if not story.ask("ada", "{ viewer { account { approvalsEnabled } } }")["viewer"]["account"][
            "approvalsEnabled"
        ]:
            story.does("ada", "enableApprovals")
        campaign = changed_while_pending(story, rejected_and_resubmitted(story))
        handed_over_once(story, campaign)
        edited_after_sending(story, story.campaign(campaign))
        nobody_decides_on_their_own(story)
        custom_roles(story)
        member_without_a_role(story)
        all_six_channels(story)
        switched_off_and_on(story)


def main() -> int:
    """Tell the story; the exit status says whether all of it went as it should."""
    options = argparse.ArgumentParser(description="The story of a campaign approval, over HTTP.")
    options.add_argument("--url", default="http://127.0.0.1:8000/graphql", help="default: %(default)s")
    url = options.parse_args().url
    try:
        tell(url)
    except Different as difference:
        sys.stderr.write(f"DIFFERENT: {difference}\n")
        return 1
    except httpx.HTTPError as error:
        sys.stderr.write(f"no server at {url}: {error}; start one with `gql-approvals demo`\n")
        return 1
    say("the end: every step was answered as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
