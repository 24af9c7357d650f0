"""Settings: read from a file and from `GQL_APPROVALS_*` once, checked as a whole, frozen."""

from gql_approvals.settings.definition import (
    NOT_SETTINGS,
    PREFIX,
    Settings,
    name_of,
    secrecy_of,
    shipped_policies,
    to_environment,
)
from gql_approvals.settings.reading import (
    DEFAULT_FILE,
    FILE_VARIABLE,
    Reading,
    apply_to_environment,
    from_environment,
    read,
)
from gql_approvals.settings.secret_file import SUFFIX as FILE_SUFFIX
from gql_approvals.settings.values import MAX_ISSUER, SIGNATURES, is_secure

__all__ = [
    "DEFAULT_FILE",
    "FILE_SUFFIX",
    "FILE_VARIABLE",
    "MAX_ISSUER",
    "NOT_SETTINGS",
    "PREFIX",
    "SIGNATURES",
    "Reading",
    "Settings",
    "apply_to_environment",
    "from_environment",
    "is_secure",
    "name_of",
    "read",
    "secrecy_of",
    "shipped_policies",
    "to_environment",
]
