"""Who may do what in which status: the part of the shipped policy and workflow that the workloads meet.

The reference and the hand-written server obey this table instead of the files; that the product's answers are
the same is checked at every run.
"""

_ALL = frozenset({"DRAFT", "PENDING_REVIEW", "APPROVED", "REJECTED", "EXPIRED", "SENT", "ARCHIVED"})
_PENDING, _APPROVED = frozenset({"PENDING_REVIEW"}), frozenset({"APPROVED"})
_EVERYBODY = frozenset({"maker", "checker", "admin", "viewer"})
_MAKERS, _CHECKERS = frozenset({"maker", "admin"}), frozenset({"checker", "admin"})
_BOTH = _MAKERS | _CHECKERS

# action: (roles, statuses), in the order in which the API answers them
ACTIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "VIEW": (_EVERYBODY, _ALL),
    "COMMENT": (_BOTH, _ALL),
    "EDIT": (_MAKERS, _ALL - {"ARCHIVED", "PENDING_REVIEW", "APPROVED"}),
    "SUBMIT": (_MAKERS, frozenset({"DRAFT", "REJECTED"})),
    "WITHDRAW": (_MAKERS, _PENDING),
    "APPROVE": (_CHECKERS, _PENDING),
    "REJECT": (_CHECKERS, _PENDING),
    "REVOKE": (_CHECKERS, _APPROVED),
    "PUBLISH": (_MAKERS, _APPROVED),
    "DISCARD": (_MAKERS, frozenset()),
    "ARCHIVE": (_MAKERS, _ALL - {"SENT", "ARCHIVED"}),
    "DUPLICATE": (_MAKERS, _ALL),
}
