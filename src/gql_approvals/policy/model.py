"""`model.conf`: loading it with Casbin, and what must stand in it.

The functions that its matchers call are registered here; the same call makes a stock
`casbin.Enforcer` answer as the product does.
"""

import re
import threading
from dataclasses import dataclass

import casbin

from gql_approvals.policy import conditions
from gql_approvals.policy.problem import FIRST, Code, PolicyProblem, Severity
from gql_approvals.policy.rules import in_scope, listed
from gql_approvals.policy.subject import Facts

# pycasbin is not thread-safe, not even for reading; and on Python 3.11 the parser, which it calls for
# every question, fails now and then in concurrent threads: hence one lock for all enforcers.
ONE_AT_A_TIME = threading.Lock()

_REQUIRED = {
    ("request_definition", "r"): "sub, account, act, obj",
    ("request_definition", "r2"): "account, obj",
    ("policy_definition", "p"): "role, account, action, channels, when, eft",
    ("policy_definition", "p2"): "account, channels, when, approvals, approver",
    ("role_definition", "g"): "_, _, _",
    ("policy_effect", "e"): "some(where (p.eft == allow)) && !some(where (p.eft == deny))",
}
# Other matchers are obeyed, but only under these does an answer depend on nothing but the lines.
_SHIPPED = {
    ("matchers", "m"): (
        "r.act == p.action && inScope(r.account, p.account)"
        ' && (p.role == "everyone" || g(r.sub, p.role, r.account))'
        " && listed(r.obj.channel, p.channels) && holds(p.when, r.obj)"
    ),
    ("matchers", "m2"): (
        "inScope(r2.account, p2.account) && listed(r2.obj.channel, p2.channels) && holds(p2.when, r2.obj)"
    ),
}


@dataclass(frozen=True, slots=True)
class Model:
    """A `model.conf` that Casbin accepts; `shipped` when both matchers are the shipped ones."""

    text: str
    shipped: bool
    matchers: str

    def enforcer(self) -> casbin.Enforcer:
        """Make an enforcer without policy lines."""
        enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=self.text))
        register(enforcer)
        return enforcer


def register(enforcer: casbin.Enforcer) -> None:
    """Give an enforcer the functions of `model.conf`, and `*` = every account for `g`."""
    enforcer.add_function("inScope", in_scope)
    enforcer.add_function("listed", listed)
    enforcer.add_function("holds", holds)
    enforcer.add_named_domain_matching_func("g", in_scope)


def requirement_context(enforcer: casbin.Enforcer) -> "casbin.EnforceContext":
    """What makes `enforce` use r2, p2 and m2; the effect is shared."""
    context = enforcer.new_enforce_context("2")
    context.etype = "e"
    return context


def holds(when: str, facts: Facts) -> bool:
    """Whether a `when` column is fulfilled; what is no condition never is."""
    try:
        return conditions.parse(when).holds(facts)
    except conditions.WhenError:
        return False


def read_model(text: str, file: str) -> tuple[Model | None, list[PolicyProblem]]:
    """Check the definitions and let Casbin load them; None when there is an error."""
    if not text.strip():
        return None, [PolicyProblem(file, *FIRST, Code.EMPTY, "the file is empty")]
    found = _definitions(text)
    problems = [*_missing(found, file), *_unknown(found, file)]
    matchers = " ".join(_plain(found[key][1]) for key in _SHIPPED if key in found)
    shipped = all(_plain(found[key][1]) == text for key, text in _SHIPPED.items() if key in found)
    if not problems:
        problems += _refused_by_casbin(text, file)
    if problems:
        return None, problems
    if not shipped:
        line = next(found[key][0] for key, text in _SHIPPED.items() if _plain(found[key][1]) != text)
        message = "the matcher is not the shipped one: every answer costs a full evaluation"
        problems.append(PolicyProblem(file, line, 1, Code.MATCHER, message, None, Severity.WARNING))
    return Model(text, shipped, matchers), problems


def _definitions(text: str) -> dict[tuple[str, str], tuple[int, str]]:
    """Find (section, key) → (line, value), only to say where something stands; Casbin reads for itself."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    section, start, pending = "", 0, ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not pending and (not line or line[0] in "#;"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section, pending = line[1:-1], ""
            continue
        start = start if pending else number
        pending += line.removesuffix("\\").strip() + " "
        if not line.endswith("\\"):
            key, _, value = pending.partition("=")
            found[section, key.strip()] = (start, value.strip())
            pending = ""
    return found


def _plain(value: str) -> str:
    return re.sub(r"\s*,\s*", ", ", re.sub(r"\s+", " ", value)).strip()


def _missing(found: dict[tuple[str, str], tuple[int, str]], file: str) -> list[PolicyProblem]:
    problems: list[PolicyProblem] = []
    for (section, key), wanted in (*_REQUIRED.items(), *_SHIPPED.items()):
        if (section, key) not in found:
            message, help_text = f"`{key}` is missing in [{section}]", f"add `{key} = {wanted}`"
            problems.append(PolicyProblem(file, *FIRST, Code.MODEL, message, help_text))
        elif section != "matchers" and _plain(found[section, key][1]) != wanted:
            message, help_text = f"`{key}` cannot be changed", f"write `{key} = {wanted}`"
            problems.append(PolicyProblem(file, found[section, key][0], 1, Code.MODEL, message, help_text))
    return problems


def _unknown(found: dict[tuple[str, str], tuple[int, str]], file: str) -> list[PolicyProblem]:
    """Casbin ignores sections and definitions that it does not know; nothing is ignored silently here."""
    return [
        PolicyProblem(file, line, 1, Code.MODEL, f"unknown definition `{key}` in [{section}]", "remove it")
        for (section, key), (line, _) in found.items()
        if (section, key) not in _REQUIRED and (section, key) not in _SHIPPED
    ]


def _refused_by_casbin(text: str, file: str) -> list[PolicyProblem]:
    """Load the model, and evaluate each matcher once on a line that fits."""
    facts = Facts()
    try:
        enforcer = Model(text, shipped=False, matchers="").enforcer()
        enforcer.model["p"]["p"].policy = [["everyone", "*", "view", "any", "always", "allow"]]
        enforcer.model["p"]["p2"].policy = [["*", "any", "always", "1", "anyone"]]
        enforcer.build_role_links()
    except Exception as error:  # noqa: BLE001 - Casbin raises whatever it meets
        return [PolicyProblem(file, *FIRST, Code.MODEL, f"Casbin cannot load it: {error}")]
    try:
        with ONE_AT_A_TIME:
            enforcer.enforce("everyone", "any-account", "view", facts)
            enforcer.enforce(requirement_context(enforcer), "any-account", facts)
    except Exception as error:  # noqa: BLE001 - simpleeval raises whatever it meets
        return [PolicyProblem(file, *FIRST, Code.MATCHER, f"Casbin cannot evaluate a matcher: {error}")]
    return []
