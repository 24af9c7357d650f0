"""The decision log: every "no" of the policy and its laws, and every "yes" that something was done upon.

Nothing is decided here, and nothing is logged that the workflow refuses for reasons of its own. A record
tells what was known when it was decided: it is enough to ask another version of the policy the same.
"""

import logging
from dataclasses import dataclass

from gql_approvals.errors import ErrorCode, Reason, Refusal, SegregationOfDuties
from gql_approvals.observability import meters
from gql_approvals.policy.subject import Facts
from gql_approvals.service.scene import Rights
from gql_approvals.workflow.identity import global_id
from gql_approvals.workflow.vocabulary import AccountAction, Action, Permission

EVENT = "policy:decision"
# What is refused with these is refused by law where the policy's lines have nothing against it.
LAWS = frozenset({ErrorCode.FORBIDDEN, ErrorCode.SELF_REVIEW, ErrorCode.SEGREGATION_OF_DUTIES})
_log = logging.getLogger("gql_approvals.decisions")


@dataclass(frozen=True, slots=True)
class Question:
    """What the policy is asked; `facts` are None for what concerns the account as a whole."""

    permission: Permission
    facts: Facts | None = None
    campaign: int | None = None

    def allowed(self, scene: Rights, user_id: int) -> bool:
        """The policy's answer."""
        return scene.may(user_id, self.permission, self.facts)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the policy was asked for one attempt at a mutation; the last question is the mutation's own."""

    scene: Rights
    user_id: int
    intent: Action | AccountAction
    questions: tuple[Question, ...]

    def done(self, made: object, refusal: Refusal | None) -> None:
        """Log that it was allowed; to be called when what it did is stored.

        `made`: the id of the campaign that was created, if one was. `refusal`: what it was answered with
        although it changed something.
        """
        question = self.questions[-1]
        if question.campaign is None and isinstance(made, int):
            question = Question(question.permission, question.facts, made)
        code = None if refusal is None else refusal.code
        log_decision(self.scene, self.user_id, question, intent=self.intent, code=code)

    def refused(self, refusal: Refusal) -> None:
        """Log the refusal that is about to be answered, if policy or law are its reason."""
        denied = [q for q in self.questions if not q.allowed(self.scene, self.user_id)]
        if denied or refusal.code in LAWS:
            log_decision(
                self.scene,
                self.user_id,
                (denied or self.questions[-1:])[0],
                intent=self.intent,
                code=refusal.code,
                law=None if denied else _law(refusal),
            )


def log_decision(
    scene: Rights,
    user_id: int,
    question: Question,
    *,
    intent: Action | AccountAction | None = None,
    code: ErrorCode | None = None,
    law: Reason | None = None,
) -> None:
    """Write one record. `law`: why it is denied although the policy allows it."""
    denied = law is not None or not question.allowed(scene, user_id)
    meters.count("policy_decisions", question.permission.value, "deny" if denied else "allow")
    if not _log.isEnabledFor(logging.INFO):
        return
    reason = law or scene.reasons(user_id, question.permission, question.facts)[0]
    facts = question.facts
    _log.info(
        EVENT,
        extra={
            "account": scene.account.slug,
            "user": global_id("User", user_id),
            "roles": sorted(scene.active.get(user_id, ())),
            "action": question.permission.value,
            "intent": None if intent is None else intent.value,
            "campaign": None if question.campaign is None else global_id("Campaign", question.campaign),
            "channel": None if facts is None else facts.channel,
            "status": None if facts is None else facts.status,
            "own": None if facts is None else facts.own,
            "involved": None if facts is None else facts.involved,
            "audience": None if facts is None else facts.audience,
            "result": "deny" if denied else "allow",
            "code": code,
            "reason": reason.message,
            "line": reason.source,
            "policy_version": scene.policy.version,
        },
    )


def _law(refusal: Refusal) -> Reason:
    """A law's refusal as a reason; of roles that exclude each other, the first one's line."""
    source = refusal.reasons[0].source if isinstance(refusal, SegregationOfDuties) else None
    return Reason(refusal.code, refusal.message, source)
