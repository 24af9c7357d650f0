"""Modules and functions stay small enough to be read in one go (spec: architecture and style)."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.meta.source import MODULES, SOURCE, nodes


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def functions() -> Iterator[tuple[int, str]]:
    """(lines without decorators, where) of every function; migrations are written by Tortoise."""
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                yield length, f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"


def test_no_module_is_longer_than_400_lines():
    assert [path.name for path in MODULES if lines_of(path) > 400] == []


def test_half_of_the_modules_have_at_most_150_lines():
    assert statistics.median(lines_of(path) for path in MODULES if lines_of(path) > 3) <= 150


def test_no_function_is_longer_than_80_lines():
    assert [where for length, where in functions() if length > 80] == []


def test_nine_functions_of_ten_have_at_most_30_lines():
    lengths = sorted(length for length, _ in functions())

    assert lengths[len(lengths) * 9 // 10] <= 30


def test_half_of_the_functions_have_at_most_10_lines():
    assert statistics.median(length for length, _ in functions()) <= 10
