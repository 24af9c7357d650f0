"""The folder that a command is about: found, read and, where the files must be right, loaded.

Whether its policy tests hold is no business of whoever only asks what the rules say.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import click
from click.exceptions import Exit

from gql_approvals.cli.output import CannotStart
from gql_approvals.cli.policy.rendering import print_problems
from gql_approvals.policy.engine import Policy, examine
from gql_approvals.policy.files import MODEL_FILE, POLICY_FILE, PolicyFiles, read_files
from gql_approvals.policy.problem import Severity
from gql_approvals.settings import Settings


def files_of(asked: Path | None, settings: Settings) -> PolicyFiles:
    """Read the folder that was asked for, or the one the settings name.

    Raises:
        CannotStart: when it is no folder, cannot be read, or holds neither file.
    """
    folder = settings.policy_folder if asked is None else asked
    refused = _why_not(folder)
    if refused is not None:
        raise CannotStart(refused)
    return read_files(folder)


def rules_of(files: PolicyFiles) -> Policy:
    """Load the two files that decide.

    Raises:
        Exit: with code 1, when they have errors; these are told on standard error.
    """
    policy, problems = examine(replace(files, tests=()), now=datetime.now(UTC))
    if policy is None:
        errors = [problem for problem in problems if problem.severity is Severity.ERROR]
        print_problems(errors, files, err=True)
        raise Exit(1)
    return policy


def note_misspelt(account: str, policy: Policy) -> None:
    """Say on standard error that an account that no line names looks like one that a line names."""
    named = policy.answers.rules.accounts
    near = [] if account in named else get_close_matches(account, named, n=1)
    if near:
        click.echo(f"no line names the account `{account}`: did you mean `{near[0]}`?", err=True)


def _why_not(folder: Path) -> str | None:
    fix = "name the folder of the policy files, here or in GQL_APPROVALS_POLICIES"
    if os.path.isfile(folder):  # noqa: PTH113 - Path's own raises where a folder above cannot be searched
        return f"`{folder}` is a file: name its folder, `{folder.parent}`"
    if not os.path.isdir(folder):  # noqa: PTH112
        return f"there is no folder `{folder}`: {fix}"
    if not os.access(folder, os.R_OK | os.X_OK):
        return f"the folder `{folder}` cannot be read: check its permissions"
    if not any(os.path.exists(folder / name) for name in (MODEL_FILE, POLICY_FILE)):  # noqa: PTH110
        return f"the folder `{folder}` holds neither {MODEL_FILE} nor {POLICY_FILE}: {fix}"
    return None
