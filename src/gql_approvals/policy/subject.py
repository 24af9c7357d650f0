"""What a decision may depend on, besides who asks, where and for what."""

from dataclasses import dataclass

from gql_approvals.workflow.vocabulary import CampaignStatus, Channel


@dataclass(frozen=True, slots=True)
class Facts:
    """One campaign as seen by one person; the defaults are what account-wide permissions are asked with.

    `own`: the person created the campaign. `involved`: the person contributed to the revision at hand.
    `audience` is the estimated number of recipients.
    """

    channel: Channel | None = None
    status: CampaignStatus | None = None
    own: bool = False
    involved: bool = False
    audience: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A person in an account, by its short name; `name` is how messages call them."""

    account: str
    name: str
    roles: frozenset[str]


NEUTRAL = Facts()
