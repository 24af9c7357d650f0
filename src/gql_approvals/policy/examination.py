"""Examining policy files in a process of their own, so that no request waits for it.

The process gets the files, and sends back either a policy that already knows the answers for the roles in
use, or what is wrong. It cannot take longer than `LIMIT_S`, whatever stands in the files.
"""

import asyncio
import contextlib
import os
import pickle
import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from gql_approvals.policy.engine import Policy, examine
from gql_approvals.policy.files import PolicyFiles
from gql_approvals.policy.problem import FIRST, Code, PolicyProblem, Severity

LIMIT_S = 30.0
MOST_PROBLEMS = 100  # more are not mended at one sitting; `gql-approvals policy check` shows them all

Examined = tuple[Policy | None, tuple[PolicyProblem, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be examined. `accounts` exist; `role_sets` are held in them: (account, roles)."""

    files: PolicyFiles
    now: datetime
    accounts: frozenset[str] | None = None
    role_sets: Collection[tuple[str, frozenset[str]]] = ()

    def answer(self) -> Examined:
        """Examine the files here and now."""
        policy, problems = examine(self.files, now=self.now, accounts=self.accounts)
        problems = _first(problems)
        if policy is not None:
            policy.problems = problems
            policy.answers.forget_role_sets()  # the check asked about every role: less has to be sent
            policy.warm(self.role_sets)
        return policy, problems


async def examine_apart(question: Question, *, limit_s: float = LIMIT_S) -> Examined:
    """Have the files examined; an examination that does not end or breaks refuses them."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the server, which ends it
    )
    try:
        async with asyncio.timeout(limit_s):
            answer, complaint = await _answer_of(process, pickle.dumps(question))
    except TimeoutError:
        return None, (_unfinished(question, f"did not end within {limit_s:g} s", "make the files smaller"),)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        message = f"ended with exit code {process.returncode}: {last}"
        return None, (_unfinished(question, message, "this is a fault of the server: please report it"),)
    return await asyncio.to_thread(_loaded, answer)


async def _answer_of(process: asyncio.subprocess.Process, question: bytes) -> tuple[bytes, bytes]:
    """What the process writes; its input stays open until then, since it gives up when that ends."""
    assert process.stdin is not None  # noqa: S101 - all three are pipes
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    process.stdin.write(question)
    with contextlib.suppress(ConnectionError):  # it ended at once, and says why
        await process.stdin.drain()
    answer, complaint = await asyncio.gather(process.stdout.read(), process.stderr.read())
    process.stdin.close()
    await process.wait()
    return answer, complaint


def _first(problems: tuple[PolicyProblem, ...]) -> tuple[PolicyProblem, ...]:
    """As many as are shown; errors go before warnings if not all are."""
    if len(problems) <= MOST_PROBLEMS:
        return problems
    return tuple(sorted(problems, key=lambda one: one.severity is not Severity.ERROR)[:MOST_PROBLEMS])


def _loaded(answer: bytes) -> Examined:
    examined: Examined = pickle.loads(answer)  # noqa: S301 - our own process wrote it
    return examined


def _unfinished(question: Question, message: str, help_text: str) -> PolicyProblem:
    file = question.files.policy.name
    return PolicyProblem(file, *FIRST, Code.EXAMINATION, f"the examination {message}", help_text)


def main() -> None:
    """Answer one question from standard input on standard output."""
    question: Question = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own process wrote it
    threading.Thread(target=_end_with_asker, daemon=True).start()
    pickle.dump(question.answer(), sys.stdout.buffer)


def _end_with_asker() -> None:
    """Give up as soon as nobody waits for the answer: whoever asked keeps our input open."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main()
