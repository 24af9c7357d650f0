"""A policy folder as it was read at one moment: two files that decide, and the tests that guard them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gql_approvals.policy.problem import PolicyProblem
from gql_approvals.policy.source import read_text

MODEL_FILE = "model.conf"
POLICY_FILE = "policy.csv"
TEST_FILES = "tests/*.csv"

_VERSION_DIGITS = 12


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's text, without BOM and carriage returns; `problems` are about its bytes."""

    name: str
    text: str
    problems: tuple[PolicyProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """Both files and every test, sorted by name."""

    model: SourceFile
    policy: SourceFile
    tests: tuple[SourceFile, ...] = ()

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that follow the text of both files and nothing else."""
        whole = f"{len(self.model.text)}\n{self.model.text}{self.policy.text}"
        return hashlib.sha256(whole.encode()).hexdigest()[:_VERSION_DIGITS]


def read_files(folder: Path) -> PolicyFiles:
    """Read a policy folder; what cannot be read has its problem in its place."""
    tests = sorted(path for path in folder.glob(TEST_FILES) if path.is_file())
    return PolicyFiles(
        _read(folder / MODEL_FILE), _read(folder / POLICY_FILE), tuple(_read(path) for path in tests)
    )


def files_from(version: str, *, model: str, policy: str) -> PolicyFiles:
    """A version from its texts, as they were kept; the tests of that time are not."""
    return PolicyFiles(
        SourceFile(f"{version}:{MODEL_FILE}", model), SourceFile(f"{version}:{POLICY_FILE}", policy)
    )


def _read(path: Path) -> SourceFile:
    text, problems = read_text(path, str(path))
    return SourceFile(str(path), text, tuple(problems))
