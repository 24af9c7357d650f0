"""What every cell of the matrix must be answered: the rows, the second reader of the policy, three rules.

In the order in which refusals precede each other: what one may not see is NOT_FOUND, what the policy or the
token does not allow is FORBIDDEN, then the state of the campaign speaks, and at last nobody decides on what
they contributed to.
"""

from dataclasses import dataclass

from tests.authorisation import rows
from tests.authorisation.policy_reader import ANYONE, Facts, Rulebook
from tests.authorisation.world import OFF, ON, State
from tests.schema.test_token_scopes import SIDES, TOKENS

ANSWERS_ON, ANSWERS_OFF = rows.grid(rows.ANSWERS_ON), rows.grid(rows.ANSWERS_OFF)
DECISIONS = {"approveCampaign", "rejectCampaign"}
VOTED = {"HALF": {"checker", ANYONE}}  # requirements of acme's campaigns that the others have met


@dataclass(frozen=True)
class Cell:
    """Somebody in front of something. `roles` are theirs, `scopes` their token's (a key of `SCOPES`)."""

    rulebook: Rulebook
    account: str
    roles: tuple[str, ...]
    relation: str
    scopes: str = ""

    def may(self, permission: str, facts: Facts | None = None) -> bool:
        """Whether the policy allows it."""
        rules = self.rulebook
        if facts is None:
            return rules.allows(self.roles, self.account, permission)
        return rules.allows(self.roles, self.account, permission, facts)

    def token_serves(self, mutation: str) -> bool:
        """Whether the token may be used for it."""
        held, needed = set(TOKENS.get(self.scopes, ["make", "decide"])), SIDES[mutation].split()
        return {"make", "decide"} <= held if needed == ["both"] else bool(held & set(needed))

    def token_permits(self, permission: str) -> bool:
        """Whether the token may be used for what takes the permission; reading takes nothing."""
        serves = [self.token_serves(m) for m, row in rows.MUTATIONS.items() if row.permission == permission]
        return all(serves)

    def answer(self, mutation: str, key: str, state: State) -> str:
        """`done`, or the code of the refusal of a mutation on a campaign; `key` is the state's name."""
        facts = state.seen_by(self.relation)
        if not self.may("view", facts):
            return "NOT_FOUND"
        if not self.may(rows.MUTATIONS[mutation].permission, facts) or not self.token_serves(mutation):
            return "FORBIDDEN"
        said = ANSWERS_ON[mutation, state.name]
        if self.account == OFF:
            said = ANSWERS_OFF.get((mutation, state.name), said)
        if mutation in DECISIONS:
            return self.decided("ALREADY_DECIDED" if key == "MISSED" else said, mutation, key, facts)
        return said

    def decided(self, said: str, mutation: str, key: str, facts: Facts) -> str:
        """What is in the way of a decision where the state is not."""
        if said != "done":
            return said
        if mutation == "approveCampaign" and not self.counts(key, facts):
            return "FORBIDDEN"
        return "SELF_REVIEW" if facts.involved else "done"

    def counts(self, key: str, facts: Facts) -> bool:
        """Whether an approval would help a requirement that the others have not met."""
        needed = set(self.rulebook.needed(self.account, facts))
        met = VOTED.get(key, set()) if self.account == ON else set()
        return bool((needed - met) & (self.rulebook.held(self.roles, self.account) | {ANYONE}))

    def entries(self, mutation: str, key: str, state: State) -> list[tuple[str, str | None]]:
        """The audit entries that it leaves: (kind, actor)."""
        written = [(state.clock, None)] if state.clock else []
        if self.answer(mutation, key, state) != "done":
            return written
        kinds = rows.MUTATIONS[mutation].entries.split()
        if mutation == "publishCampaign" and state.facts.status != "APPROVED":
            kinds = ["campaign:released", *kinds]
        if mutation == "approveCampaign" and not self.is_last(key, state):
            kinds = ["campaign:voted"]
        return [*written, *((kind, self.relation) for kind in kinds)]

    def is_last(self, key: str, state: State) -> bool:
        """Whether an approval meets all that is still required."""
        needed = set(self.rulebook.needed(self.account, state.facts))
        met = VOTED.get(key, set()) if self.account == ON else set()
        return needed - met <= self.rulebook.held(self.roles, self.account) | {ANYONE}

    def ever_may(self, permission: str) -> bool:
        """Whether the policy allows it for some campaign."""
        lines = [line for line in self.rulebook.grants if line[2] == permission]
        sizes = {0, 1000, 50_000, 50_001, 100_000}
        channels = {word for line in lines for word in line[3].split()} | {"email", "onsite"}
        tried = (
            Facts(channel, status, own, involved, size)
            for channel in channels - {"any"}
            for status in ("DRAFT", "PENDING_REVIEW", "APPROVED", "REJECTED", "EXPIRED", "SENT", "ARCHIVED")
            for own in (False, True)
            for involved in (False, True)
            for size in sizes
        )
        return self.may(permission) or any(self.may(permission, facts) for facts in tried)
