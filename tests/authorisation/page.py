"""docs/authorisation.md: the rows as a page, for whoever wants to know who may do and see what."""

from tests.authorisation import rows
from tests.authorisation.policy_reader import read
from tests.authorisation.world import POLICIES
from tests.schema.test_token_scopes import SIDES

INTRODUCTION = """# Who may do and see what

This page is generated (`make regen`) from the table that the tests compare the server with: for every role,
part in a campaign, state of it and token, each answer is the one that stands here. Which role has which
permission is the business of `policies/policy.csv` ([the guide](policies.md)); `gql-approvals policy matrix`
shows it for an account. The shipped roles of every account are in brackets.

## Mutations

The permission is asked first, then the token's [scope](api.md#scopes), then the state of the campaign. A
campaign that one may not `view` answers NOT_FOUND, like one that never was, and so does anything of another
account. An approval that is not the last one leaves `campaign:voted`; one of a campaign that waits for its
time or for a person leaves no `campaign:sent`. What was refused leaves nothing.

| mutation | permission | a narrowed token needs | leaves in the audit log |
|---|---|---|---|
"""
STATES = """
## By the state of the campaign

What somebody with the permission is answered. SCHEDULED is APPROVED with a time; DRAFT_LIVE, REJECTED_LIVE
and EXPIRED_LIVE have a revision that is live. Whoever contributed is answered SELF_REVIEW where a decision is
`done` for others.

"""
OFF = """
While approvals are switched off, nothing is pending, and these two differ:

"""
READING = """
## Queries and subscriptions

| field | who |
|---|---|
"""
OBJECTS = """
## Objects by their ids

`node`, `nodes` and every list: what one may not see is null there, in the same way as what there never was.

| type | who sees it |
|---|---|
"""
LEADS = """
Of an object that one sees, one sees every field, except: `Reason.source` is null without `view_policy`;
`AuditEvent.campaign` and `Campaign.duplicatedFrom` are null where they lead to a campaign that one may not
view.
"""
WORDS = {
    "signed in": "anybody; null for somebody who has not signed in",
    "anybody": "anybody",
    "member": "every active member, for what they may see",
    "visible": "every active member; null for what they may not see",
    "explain_others": "every active member about themselves; about others with `explain_others`",
    "view": "who may `view` its campaign",
}


def authorisation_markdown() -> str:
    """The whole page."""
    return "".join(
        (
            INTRODUCTION,
            *(_mutation(name) for name in rows.MUTATIONS),
            STATES,
            _states(rows.ANSWERS_ON),
            OFF,
            _states(rows.ANSWERS_OFF),
            READING,
            *(f"| `{name}` | {_who(rule)} |\n" for name, rule in rows.QUERIES.items()),
            *(f"| `{name}` | {_who(rule)} |\n" for name, rule in rows.SUBSCRIPTIONS.items()),
            OBJECTS,
            *(f"| `{name}` | {_member(rule)} |\n" for name, rule in rows.NODES.items()),
            LEADS,
        )
    )


def _mutation(name: str) -> str:
    row = rows.MUTATIONS[name]
    needs = {"both": "`make` and `decide`"}.get(
        SIDES[name], " or ".join(f"`{s}`" for s in SIDES[name].split())
    )
    entries = " ".join(f"`{kind}`" for kind in row.entries.split())
    return f"| `{name}` | {_permission(row.permission)} | {needs} | {entries} |\n"


def _permission(permission: str) -> str:
    text = (POLICIES / "policy.csv").read_text("utf-8")
    lines = [line for line in read(text).grants if line[1] == "*" and line[2] == permission]
    told = [
        line[0] + ("" if line[4] == "always" else f" if {line[4]}") for line in lines if line[5] == "allow"
    ]
    return f"`{permission}` ({', '.join(dict.fromkeys(told))})"


def _who(rule: str) -> str:
    return WORDS.get(rule, f"who holds `{rule}`; else FORBIDDEN")


def _member(rule: str) -> str:
    return {"member": "every active member of its account"}.get(rule, WORDS.get(rule, f"who holds `{rule}`"))


def _states(text: str) -> str:
    grid = rows.grid(text)
    states = list(dict.fromkeys(state for _, state in grid))
    head = f"| | {' | '.join(states)} |\n|---|{'---|' * len(states)}\n"
    names = dict.fromkeys(name for name, _ in grid)
    return head + "".join(
        f"| `{name}` | {' | '.join(grid[name, state] for state in states)} |\n" for name in names
    )
