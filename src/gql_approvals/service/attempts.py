"""What operators are told of attempts at an action: that it was done, or the code it was refused with."""

from collections.abc import Generator
from contextlib import contextmanager

from gql_approvals.errors import Refusal, RequestFault
from gql_approvals.observability import meters
from gql_approvals.observability.call import OK, current
from gql_approvals.workflow.vocabulary import AccountAction, Action

_FAILED = "INTERNAL_SERVER_ERROR"


@contextmanager
def attempting(action: Action | AccountAction) -> Generator[None]:
    """Count the attempt that is made within."""
    code = _FAILED
    try:
        yield
        code = OK
    except Refusal as refusal:
        code = refusal.code.value
        call = current()
        if call is not None:
            call.refusal = code
        raise
    except RequestFault as fault:
        code = fault.code
        raise
    finally:
        meters.count("mutations", action.value, code)
