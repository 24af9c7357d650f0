"""Whether a column can hold a text that is looked for: where it cannot, nothing is found."""

from gql_approvals.workflow.content import is_storable

SLUG, EMAIL, VERSION = 63, 320, 64  # letters, as in `models.py`


def can_be(text: str, length: int) -> bool:
    """Whether a column of so many letters can hold the text; Tortoise raises instead of finding nothing."""
    return len(text) <= length and is_storable(text)
