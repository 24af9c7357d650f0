"""What `policy explain` prints: the decision, what it was about, and the lines behind it."""

from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from gql_approvals.cli.output import as_json, printable
from gql_approvals.cli.policy.question import DIMENSIONS, Question
from gql_approvals.cli.policy.rendering import say, terminal
from gql_approvals.errors import Reason
from gql_approvals.policy.answers import DUTIES_CONFLICT
from gql_approvals.policy.duties import ACCOUNT_WIDE
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.matrix import SOMETIMES, share
from gql_approvals.policy.reasons import ALLOWED_BY_RULE, DENIED_BY_RULE, NO_RULE
from gql_approvals.policy.rules import EVERYWHERE
from gql_approvals.policy.subject import Facts
from gql_approvals.workflow.vocabulary import Permission

_DECISIONS = {True: ("ALLOW", "bold green"), False: ("DENY", "bold red")}
# The fields of `Facts`, by the one of the `DIMENSIONS` that gives each.
_FIELDS = {name: "relation" if name in ("own", "involved") else name for name in Facts.__slots__}
_WORKFLOW = (
    "  the workflow decides, too: in which status this is possible, and that nobody decides on their own work"
)
# What stands above reasons that name a line, by the code of the first reason.
_HEADINGS = {
    ALLOWED_BY_RULE: "allowed by:",
    DENIED_BY_RULE: "denied by, whatever else allows it:",
    NO_RULE: "no rule allows it; closest:",
    DUTIES_CONFLICT: "nobody may both make and decide, which these roles would allow:",
}
_RELATIONS = {
    (False, False): "not involved",
    (False, True): "involved",
    (True, True): "own",
    (True, False): "own, not involved",
}


def print_answer(question: Question, policy: Policy, form: str) -> None:
    """Ask the policy, and print what it says."""
    subject = question.subject
    asked = (subject.roles, subject.place, question.permission)
    allowed = policy.allows(*asked, question.facts)
    reasons = policy.reasons(*asked, question.facts)
    if form == "json":
        click.echo(as_json(_as_data(question, policy, allowed, reasons)))
        return
    console = terminal()
    word, style = _DECISIONS[allowed]
    say(console, Text.assemble((f"{word:<7}", style), printable(_headline(question, policy))))
    lines = [*_about(question), *_because(reasons, policy), *_besides(question, policy)]
    if allowed and question.permission not in {*ACCOUNT_WIDE, Permission.VIEW, Permission.COMMENT}:
        lines.append(_WORKFLOW)
    for line in lines:
        say(console, printable(line))


def _headline(question: Question, policy: Policy) -> str:
    subject = question.subject
    roles = f" ({', '.join(sorted(subject.roles)) or 'no role'})" if subject.user_id else ""
    place = "accounts that no line names" if subject.account == EVERYWHERE else subject.account
    return f"{subject.who}{roles} {question.permission} in {place}    policy {policy.version}"


def _about(question: Question) -> list[str]:
    """The facts, and which of them were not given, where they can matter."""
    if question.permission in ACCOUNT_WIDE:
        return []
    facts, given = question.facts, question.given
    words = {
        "channel": facts.channel.lower() if facts.channel else "no channel",
        "audience": f"audience {facts.audience:,}",
        "status": facts.status.lower() if facts.status else "no status",
        "relation": _RELATIONS[facts.own, facts.involved],
    }
    said = ", ".join(word for name, word in words.items() if name in given)
    missing = ", ".join(name for name in words if name not in given)
    if not said:
        return ["asked: no particular campaign"]
    return [f"asked: {said}; not given: {missing}" if missing else f"asked: {said}"]


def _because(reasons: tuple[Reason, ...], policy: Policy) -> list[str]:
    """The reasons, each with the line that it is about."""
    lines: list[str] = []
    heading = _HEADINGS.get(reasons[0].code)
    if heading is not None and reasons[0].source is not None:
        lines.append(f"  {heading}")
    for reason in reasons:
        place, quoted = _line_of(reason, policy)
        lines.append(f"  {place}  {reason.message}" if place else f"  {reason.message}")
        lines += [f"      {quoted}"] if quoted else []
    return lines


def _besides(question: Question, policy: Policy) -> list[str]:
    """What is allowed over all campaigns, when the question was not about one in full."""
    subject, permission = question.subject, question.permission
    if permission in ACCOUNT_WIDE or question.given >= {*DIMENSIONS}:
        return []
    whole = share(policy, subject.roles, subject.account, permission)
    if whole.mark != SOMETIMES:
        return []
    return ["  over all campaigns it is allowed:", *(f"      {words}" for words in whole.when)]


def _line_of(reason: Reason, policy: Policy) -> tuple[str, str]:
    """(where, text) of the line that a reason names; ("", "") when it names none."""
    if reason.source is None:
        return "", ""
    file, _, number = reason.source.rpartition(":")
    written = policy.files.policy
    place = f"{Path(written.name).with_name(Path(file).name)}:{number}"
    return place, written.text.split("\n")[int(number) - 1].strip()


def _as_data(
    question: Question,
    policy: Policy,
    allowed: bool,  # noqa: FBT001 - the answer itself
    reasons: tuple[Reason, ...],
) -> dict[str, object]:
    subject, facts = question.subject, asdict(question.facts)
    return {
        "allowed": allowed,
        "who": subject.who,
        "roles": sorted(subject.roles),
        "account": subject.account,
        "action": question.permission.value,
        "version": policy.version,
        "asked": {name: _word(facts[name]) if _FIELDS[name] in question.given else None for name in facts},
        "reasons": [_reason(reason, policy) for reason in reasons],
    }


def _word(value: object) -> object:
    """Channels and statuses as the policy files write them."""
    return value.lower() if isinstance(value, str) else value


def _reason(reason: Reason, policy: Policy) -> dict[str, object]:
    place, text = _line_of(reason, policy)
    return {
        "code": reason.code,
        "message": reason.message,
        "source": place or None,
        "text": text or None,
    }
