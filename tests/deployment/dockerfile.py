"""What a Dockerfile says, and its first stage done in folders of the test instead of a container."""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Step:
    """One instruction: `RUN`, and what stands behind it. `stage`: 0 for what follows the first `FROM`."""

    stage: int
    instruction: str
    text: str

    @property
    def words(self) -> list[str]:
        """The text as a list: in the form of JSON, or as a shell splits it."""
        return json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)


def steps(text: str) -> Iterator[Step]:
    """Every instruction in its order."""
    stage = -1
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, rest = line.partition(" ")
        stage += instruction == "FROM"
        yield Step(stage, instruction, rest.strip())


STEPS = tuple(steps((ROOT / "Dockerfile").read_text("utf-8")))


def only(instruction: str, stage: int = 1) -> Step:
    """The one step of this kind."""
    [found] = [step for step in STEPS if (step.stage, step.instruction) == (stage, instruction)]
    return found


def given_to_docker(place: str) -> list[Path]:
    """The project's files below a path, without those that .dockerignore keeps away: its last line wins."""
    rules = [
        (line.removeprefix("!"), line.startswith("!"))
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    start = ROOT / place
    files = [start] if start.is_file() else _files(start, rules)
    return [path for path in files if _is_given(path.relative_to(ROOT), rules)]


def _files(start: Path, rules: list[tuple[str, bool]]) -> Iterator[Path]:
    """Every file, but for folders that are kept away with all that is in them: an environment has many."""
    let_in = [pattern for pattern, lets_in in rules if lets_in]
    for folder, folders, names in os.walk(start):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if _is_given(here.relative_to(ROOT) / name, rules)
            or any(
                "*" in one or one.startswith(f"{(here.relative_to(ROOT) / name).as_posix()}/")
                for one in let_in
            )
        ]
        yield from (here / name for name in names)


def _is_given(path: Path, rules: list[tuple[str, bool]]) -> bool:
    parents = [path, *path.parents[:-1]]
    given = True
    for pattern, lets_in in rules:
        bare = pattern.removeprefix("**/")
        if any(
            fnmatch.fnmatch(one.as_posix(), pattern) or (bare != pattern and fnmatch.fnmatch(one.name, bare))
            for one in parents
        ):
            given = lets_in
    return given


@dataclass(frozen=True)
class Machine:
    """Where the first stage is done: `/build` and `/opt/gql-approvals` are folders in `root`."""

    root: Path

    def here(self, text: str) -> str:
        return re.sub(r"/(?:build|opt/gql-approvals)\b", lambda found: f"{self.root}{found[0]}", text)

    def build(self) -> None:
        """Do every step of the first stage."""
        work = self.root / "build"
        work.mkdir(parents=True)
        for step in (one for one in STEPS if one.stage == 0):
            match step.instruction:
                case "COPY":
                    self._copy(work, *step.words)
                case "RUN":
                    command = ["sh", "-c", self.here(step.text)]
                    done = subprocess.run(
                        command, cwd=work, capture_output=True, text=True, timeout=600, check=False
                    )
                    assert done.returncode == 0, f"{step.text}\n{done.stdout}{done.stderr}"
                case "FROM" | "WORKDIR":
                    pass
                case other:
                    raise AssertionError(f"nobody knows how to do {other} here")

    @staticmethod
    def _copy(work: Path, *words: str) -> None:
        *sources, target = words
        for source in sources:
            files = given_to_docker(source)
            assert files != [], f"{source} is not there, or .dockerignore keeps it away"
            for path in files:
                is_file = path == ROOT / source
                to = work / target / (path.name if is_file else path.relative_to(ROOT / source))
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)
