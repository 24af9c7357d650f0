"""Checks of who can do what is needed, account by account."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gql_approvals.cli.doctor.finding import Finding, Ground, fine, warning, wrong
from gql_approvals.persistence import checkup, people
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.groups import read_groups
from gql_approvals.policy.problem import errors_of
from gql_approvals.policy.wording import counted
from gql_approvals.workflow.vocabulary import Channel, Permission

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Holder:
    """Somebody with roles in an account; `who` is a user id, or the number of a line of groups.csv."""

    who: str
    roles: frozenset[str]


async def approvals(_: Ground) -> list[Finding]:
    """Accounts in which nobody reviews anything."""
    found = await people.accounts()
    if not found:
        return [warning("there is no account", "gql-approvals account create SLUG --admin you@acme.example")]
    off = [account.slug for account in found if not account.approvals_enabled]
    if off:
        return [
            warning(
                f"switched off in {', '.join(off)}: what is submitted there is sent unreviewed",
                "switch them on with `gql-approvals approvals on`, unless that is meant",
            )
        ]
    return [fine(f"on in {counted(len(found), 'account')}")]


async def able(ground: Ground) -> list[Finding]:
    """Whether every account has somebody to manage it, and somebody else to decide for each who makes."""
    policy = _policy(ground)
    held = await _holders(ground, policy)
    findings: list[Finding] = []
    for account in await people.accounts():
        holders = held.get(account.slug, [])
        if not any(policy.ever_allows(one.roles, account.slug, Permission.MANAGE_MEMBERS) for one in holders):
            findings.append(
                warning(
                    f"nobody may manage the members of {account.slug}",
                    f"gql-approvals member add {account.slug} EMAIL --role ROLE, with a role that may "
                    f"{Permission.MANAGE_MEMBERS.value}",
                )
            )
        stuck = [channel.value for channel in _stuck(policy, account.slug, holders)]
        if stuck and account.approvals_enabled:
            where = "any channel" if len(stuck) == len(Channel) else ", ".join(stuck)
            findings.append(
                warning(
                    f"in {account.slug} nobody may approve what others submit on {where}",
                    f"gql-approvals member add {account.slug} EMAIL --role ROLE, with a role that may "
                    f"{Permission.APPROVE.value}",
                )
            )
    return findings or [fine("every account has somebody to manage it, and to decide where somebody makes")]


async def last_tokens(ground: Ground) -> list[Finding]:
    """An account whose only manager is about to be locked out."""
    policy = _policy(ground)
    if ground.settings.oidc_issuer:
        return [fine("people sign in with the provider")]
    held = await people.holdings()
    findings: list[Finding] = []
    for account in await people.account_slugs():
        managers = [
            one
            for one in held
            if one.account == account and policy.ever_allows(one.roles, account, Permission.MANAGE_MEMBERS)
        ]
        if len(managers) != 1:
            continue
        [only] = managers
        ends = await checkup.last_token_expiry(only.user_id, ground.now())
        if ends is not None and ends - ground.now() < SOON:
            said = "has no good token" if ends <= ground.now() else f"has no token beyond {ends.date()}"
            findings.append(
                warning(
                    f"{only.email}, who alone manages {account}, {said}",
                    f"gql-approvals token create {only.email}",
                )
            )
    return findings or [fine(f"the managers' are good for {SOON.days} days")]


def _stuck(policy: Policy, account: str, holders: Sequence[_Holder]) -> Iterator[Channel]:
    """The channels on which campaigns can be submitted, and none of them approved."""
    for channel in Channel:
        makers = [one for one in holders if _may(policy, one, account, Permission.SUBMIT, channel)]
        deciders = [one for one in holders if _may(policy, one, account, Permission.APPROVE, channel)]
        if makers and not any(
            _enough(policy, account, channel, [one for one in deciders if one.who != maker.who])
            for maker in makers
        ):
            yield channel


def _enough(policy: Policy, account: str, channel: Channel, deciders: Sequence[_Holder]) -> bool:
    """Whether these can give the approvals that the smallest campaign needs."""
    return all(
        sum(policy.holds_role(one.roles, account, role) for one in deciders) >= number
        for role, number in policy.needed(account, channel, 0)
    )


def _may(policy: Policy, holder: _Holder, account: str, permission: Permission, channel: Channel) -> bool:
    classes = policy.allowed_classes(holder.roles, account, permission)
    return any(channel in one.channels for one in classes)


async def _holders(ground: Ground, policy: Policy) -> dict[str, list[_Holder]]:
    """Members, and, where people sign in with a provider, whoever is in a group that gives roles."""
    found: dict[str, list[_Holder]] = {}
    for held in await people.holdings():
        found.setdefault(held.account, []).append(_Holder(str(held.user_id), held.roles))
    file = ground.settings.groups_file
    if ground.settings.oidc_issuer and file is not None:
        groups, _ = read_groups(file, policy, await people.account_slugs())
        for number, (_, account, role) in enumerate(groups.lines):
            found.setdefault(account, []).append(_Holder(f"group {number}", frozenset({role})))
    return found


async def groups(ground: Ground) -> list[Finding]:
    """The file that says what the provider's groups give."""
    file = ground.settings.groups_file
    if not ground.settings.oidc_issuer or file is None:
        return []
    _, problems = read_groups(file, _policy(ground), await people.account_slugs())
    mistakes = errors_of(problems)
    return [wrong(one, f"edit {file}") for one in mistakes] or [fine(f"{file} is right")]


def _policy(ground: Ground) -> Policy:
    assert ground.policy is not None  # noqa: S101  # the table says that it is needed
    return ground.policy
