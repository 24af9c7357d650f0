"""Asking Casbin: the only place that calls `enforce` for an answer.

One enforcer is given the lines that a question is about; which lines those are is the caller's choice
(all of them, those of one action, a single one). Casbin decides whether they match.
"""

from collections.abc import Iterable, Sequence

from gql_approvals.policy.model import ONE_AT_A_TIME, Model, requirement_context
from gql_approvals.policy.rules import Grant, Requirement, Rules
from gql_approvals.policy.subject import Facts
from gql_approvals.workflow.vocabulary import Permission

_NOBODY = "(nobody)"  # a member without a role; no role can be called this
_EFFECT = 5  # the column of a `p` line, without its kind


class Judge:
    """One Casbin enforcer with the roles of one policy version. `asked` counts its answers."""

    def __init__(self, model: Model, rules: Rules) -> None:
        self.asked = 0
        self._enforcer = model.enforcer()
        # Role names are no patterns. Casbin compares each with every other one by a function nevertheless,
        # which takes seconds where there are hundreds of roles, unless it is told that there is none.
        self._enforcer.get_role_manager().add_matching_func(None)
        self._enforcer.model["g"]["g"].policy = [list(link.row.texts[1:]) for link in rules.links]
        self._enforcer.build_role_links()
        self._requirements = requirement_context(self._enforcer)
        self._roles = rules.roles()
        self._subjects: dict[frozenset[str], str] = {frozenset(): _NOBODY}

    def allows(
        self,
        lines: Sequence[list[str]],
        roles: frozenset[str],
        account: str,
        permission: Permission,
        facts: Facts,
    ) -> bool:
        """Return Casbin's answer from these `p` lines; see `casbin_line`."""
        with ONE_AT_A_TIME:
            self.asked += 1
            self._enforcer.model["p"]["p"].policy = list(lines)
            return self._enforcer.enforce(self._subject(roles), account, permission.value, facts)

    def matches(self, line: list[str], roles: frozenset[str], account: str, facts: Facts) -> bool:
        """Whether one `p` line, alone, is about this question; its effect does not matter."""
        permission = Permission(line[2])
        return self.allows([[*line[:_EFFECT], "allow"]], roles, account, permission, facts)

    def requires(self, requirement: Requirement, account: str, facts: Facts) -> bool:
        """Whether one `p2` line is about this campaign."""
        with ONE_AT_A_TIME:
            self.asked += 1
            self._enforcer.model["p"]["p2"].policy = [casbin_line(requirement)]
            return self._enforcer.enforce(self._requirements, account, facts)

    def heritage(self, roles: frozenset[str], account: str) -> frozenset[str]:
        """The roles that Casbin knows, and all that they inherit from."""
        with ONE_AT_A_TIME:
            return (roles & self._roles) | frozenset(
                self._enforcer.get_implicit_roles_for_user(self._subject(roles), account)
            )

    def _subject(self, roles: frozenset[str]) -> str:
        """Name the set of roles for Casbin: users never enter `g`, and sets of roles are few.

        Roles that the file does not know grant nothing and are left out, so that a name made of
        several roles (`intern+maker`) can never be taken for a role.
        """
        known = roles & self._roles
        if known in self._subjects:
            return self._subjects[known]
        name = "+".join(sorted(known))
        if len(known) > 1:
            manager = self._enforcer.get_role_manager()
            for role in sorted(known):
                manager.add_link(name, role, "*")
        self._subjects[known] = name
        return name


def casbin_line(line: Grant | Requirement) -> list[str]:
    """The columns as Casbin gets them: as in the file, without the kind."""
    return list(line.row.texts[1:])


def casbin_lines(lines: Iterable[Grant]) -> list[list[str]]:
    """Several lines, in their order."""
    return [casbin_line(line) for line in lines]
