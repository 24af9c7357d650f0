"""`policy explain`: the decision with its line, for roles on a checkout and for members and campaigns."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from gql_approvals.policy import Facts, Policy
from gql_approvals.workflow.identity import global_id
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

SHIPPED = Path(__file__).parents[2] / "policies"
POLICY = SHIPPED / "policy.csv"
WORKFLOW = (
    "the workflow decides, too: in which status this is possible, and that nobody decides on their own work"
)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
RELATIONS = {"none": (False, False), "involved": (False, True), "own": (True, True)}


@pytest.fixture
def explain(run: Callable) -> Callable:
    """Ask about the shipped files."""

    def ask(*words: str, **settings: str) -> object:
        return run("policy", "explain", *words, policies=str(SHIPPED), **settings)

    return ask


@pytest.fixture
def demo_url(demo_template: Path) -> str:
    """The demo's people and campaigns, only to be read."""
    return f"sqlite:///{demo_template}"


def place(start: str) -> tuple[str, str]:
    """Where the first line of policy.csv with these words stands, and the line."""
    for number, line in enumerate(POLICY.read_text("utf-8").splitlines(), start=1):
        if " ".join(line.split()).startswith(start):
            return f"{POLICY}:{number}", line.strip()
    raise AssertionError(start)


def test_a_no_names_the_closest_line_and_what_is_missing(explain: Callable):
    where, line = place("p, text_approver, acme, approve")

    done = explain(
        *("text_approver", "approve", "--account", "acme", "--channel", "sms", "--audience", "82k"),
        *("--status", "pending_review", "--relation", "none"),
    )

    heading, *lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert heading.startswith("DENY   text_approver approve in acme    policy ")
    assert lines == [
        "asked: sms, audience 82,000, pending_review, not involved",
        "  no rule allows it; closest:",
        f"  {where}  role `text_approver` may approve only on sms, whatsapp when audience <= 50k",
        f"      {line}",
    ]


def test_a_yes_names_the_line_that_grants_it(explain: Callable):
    where, line = place("p, checker, *, approve")

    done = explain("checker", "approve", "--channel", "email", "--audience", "1", "--status", "draft")

    heading, *lines = done.out.splitlines()
    assert done.code == 0
    assert heading.startswith("ALLOW  checker approve in accounts that no line names    policy ")
    assert lines == [
        "asked: email, audience 1, draft; not given: relation",
        "  allowed by:",
        f"  {where}  role `checker` may approve",
        f"      {line}",
        f"  {WORKFLOW}",
    ]


def test_a_question_without_a_campaign_tells_where_it_is_allowed(explain: Callable):
    done = explain("text_approver", "approve", "--account", "acme")

    assert done.out.splitlines()[1] == "asked: no particular campaign"
    assert done.out.splitlines()[-2:] == [
        "  over all campaigns it is allowed:",
        "      on sms, whatsapp; audience at most 50,000",
    ]


def test_roles_that_may_not_be_held_together_are_told_with_both_lines(explain: Callable):
    done = explain("maker+checker", "edit")

    assert done.out.startswith("DENY   maker+checker edit ")
    assert [line.split("  ")[-1] for line in done.out.splitlines() if line.startswith(f"  {POLICY}:")] == [
        "role `maker` may create",
        "role `checker` may approve",
    ]


def test_a_deny_line_is_the_reason_whatever_allows_it(run: Callable, tmp_path: Path):
    (tmp_path / "model.conf").write_bytes((SHIPPED / "model.conf").read_bytes())
    text = POLICY.read_text("utf-8") + "p, everyone, *, approve, any, involved, deny\n"
    (tmp_path / "policy.csv").write_text(text, "utf-8")

    done = run("policy", "explain", "checker", "approve", "--relation", "own", "--folder", str(tmp_path))

    number = text.count("\n")
    assert done.out.splitlines()[2:5] == [
        "  denied by, whatever else allows it:",
        f"  {tmp_path / 'policy.csv'}:{number}  role `everyone` may not approve when involved",
        "      p, everyone, *, approve, any, involved, deny",
    ]


def test_what_is_about_the_account_asks_for_no_campaign(explain: Callable):
    done = explain("everyone", "manage_members")

    assert done.out.splitlines()[1:] == [
        "  no rule allows a member without a role to manage_members; that takes the role `admin`"
    ]


def test_programs_get_one_value(explain: Callable):
    where, line = place("p, text_approver, acme, approve")

    done = explain(
        *("text_approver", "approve", "--account", "acme", "--audience", "82_000", "--format", "json"),
    )

    found = json.loads(done.out)
    assert len(found.pop("version")) == 12
    assert found == {
        "allowed": False,
        "who": "text_approver",
        "roles": ["text_approver"],
        "account": "acme",
        "action": "approve",
        "asked": {"channel": None, "status": None, "own": None, "involved": None, "audience": 82000},
        "reasons": [
            {
                "code": "NO_RULE",
                "message": "role `text_approver` may approve only on sms, whatsapp when audience <= 50k",
                "source": where,
                "text": line,
            }
        ],
    }


def test_decision_and_explanation_agree_wherever_lines_differ(explain: Callable):
    policy = Policy.load(SHIPPED, now=NOW)
    cases = product(
        ["everyone", "intern", "text_approver", "maker+checker", "admin"],
        ["view", "edit", "approve", "withdraw"],
        [("sms", 50_000), ("whatsapp", 50_001), ("email", 0)],
        RELATIONS,
    )
    for who, action, (channel, audience), relation in cases:
        facts = Facts(Channel(channel.upper()), CampaignStatus.DRAFT, *RELATIONS[relation], audience)
        roles = frozenset(who.split("+")) - {"everyone"}

        found = json.loads(
            explain(
                *(who, action, "--account", "acme", "--format", "json", "--status", "draft"),
                *("--channel", channel, "--audience", str(audience), "--relation", relation),
            ).out
        )

        assert found["allowed"] == policy.allows(roles, "acme", Permission(action), facts), found
        assert found["allowed"] == (found["reasons"][0]["code"] == "ALLOWED_BY_RULE"), found


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["checker", "aprove"], 2, "unknown action `aprove`: did you mean `approve`?"),
        (
            ["chekcer", "approve"],
            1,
            "the policy knows no role `chekcer`: did you mean `checker`?; a member is named",
        ),
        (["checker+makr", "edit"], 1, "the policy knows no role `makr`: did you mean `maker`?"),
        (["intern", "edit"], 1, "`intern` is a role of `acme`: name it with --account"),
        (["checker", "approve", "--audience", "lots"], 2, "`lots` is no number of people: write 50000"),
        (
            ["ada@acme.test", "edit"],
            2,
            "`ada@acme.test` is a member, and there is no database: set GQL_APPROVALS_",
        ),
        (
            ["maker", "edit", "--campaign", "1"],
            2,
            "`1` is a campaign, and there is no database: set GQL_APPROVALS_",
        ),
    ],
)
def test_a_question_that_cannot_be_understood_is_explained(
    explain: Callable, words: list[str], code: int, told: str
):
    done = explain(*words)

    assert (done.code, done.out) == (code, "")
    assert done.err.partition("Error: ")[2].startswith(told)


def test_a_policy_with_mistakes_explains_nothing(run: Callable, tmp_path: Path):
    (tmp_path / "policy.csv").write_text("p, maker\n")

    done = run("policy", "explain", "maker", "edit", "--folder", str(tmp_path))

    assert (done.code, done.out) == (1, "")
    assert " error [columns] " in done.err


def test_a_member_is_looked_up_with_their_roles(explain: Callable, demo_url: str):
    done = explain("MAYA@acme.test", "approve", database_url=demo_url)

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("DENY   maya@acme.test (maker) approve in acme    policy ")


@pytest.mark.parametrize("id_of", [str, lambda key: global_id("Campaign", key)], ids=["number", "global id"])
def test_a_campaign_is_looked_up_with_its_facts(explain: Callable, demo_url: str, id_of: Callable):
    ask = ("maya@acme.test", "withdraw", "--campaign", id_of(2), "--format", "json")

    found = json.loads(explain(*ask, database_url=demo_url).out)

    assert found["allowed"] is True
    assert found["asked"] == {
        "channel": "email",
        "status": "sent",
        "own": True,
        "involved": True,
        "audience": 8200,
    }


def test_a_typed_fact_replaces_that_of_the_campaign(explain: Callable, demo_url: str):
    ask = ("text_approver", "approve", "--account", "acme", "--campaign", "2", "--format", "json")

    before = json.loads(explain(*ask, database_url=demo_url).out)
    after = json.loads(explain(*ask, "--channel", "sms", database_url=demo_url).out)

    assert (before["allowed"], before["asked"]["channel"]) == (False, "email")
    assert (after["allowed"], after["asked"]) == (True, {**before["asked"], "channel": "sms"})


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            ["maya@acme.tst", "edit"],
            1,
            "`maya@acme.tst` is an active member of no account: did you mean `maya@acme.test`?",
        ),
        (
            ["noor@acme.test", "edit"],
            2,
            "`noor@acme.test` is a member of `acme` and `globex`: choose one with --account",
        ),
        (
            ["maya@acme.test", "edit", "--account", "globex"],
            1,
            "`maya@acme.test` is no active member of `globex`, but of `acme`",
        ),
        (["maker", "edit", "--campaign", "2"], 2, "a campaign belongs to an account: name it with --account"),
        (
            ["maker", "edit", "--campaign", "2", "--account", "acne"],
            1,
            "there is no account `acne`: did you mean `acme`?",
        ),
        (
            ["gwen@globex.test", "edit", "--campaign", "2"],
            1,
            "there is no campaign `2` in `globex`: check the id",
        ),
        (["maya@acme.test", "edit", "--campaign", "9" * 30], 2, f"`{'9' * 30}` is no campaign's id: copy it"),
        (["maya@acme.test", "edit", "--campaign", "VXNlcjox"], 2, "`VXNlcjox` is no campaign's id: copy it"),
    ],
)
def test_who_or_what_is_not_there_is_explained(
    explain: Callable, demo_url: str, words: list[str], code: int, told: str
):
    done = explain(*words, database_url=demo_url)

    assert (done.code, done.out) == (code, "")
    assert done.err.partition("Error: ")[2].startswith(told)
