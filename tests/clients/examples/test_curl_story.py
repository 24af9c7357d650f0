"""examples/curl.md: its blocks, typed in order into one shell, print what stands below them."""

import itertools
import os
import re
import subprocess

import pytest
from tests.server.server_process import ROOT

pytestmark = pytest.mark.slow
PAGE = (ROOT / "examples" / "curl.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
STORY_S = 120


def steps() -> list[tuple[str, str]]:
    """Every block that is typed, with what is printed: the block behind it, if that is no shell's."""
    blocks = [*BLOCK.findall(PAGE), ("sh", "")]
    return [
        (typed, "" if kind == "sh" else printed)
        for (language, typed), (kind, printed) in itertools.pairwise(blocks)
        if language == "sh"
    ]


def pattern(printed: str) -> str:
    """`…` stands for anything within a line."""
    return ".+".join(re.escape(part) for part in printed.split("…"))


def test_every_block_prints_what_stands_below_it(demo, tmp_path):
    assert PAGE.count(ADDRESS) == 1
    told = steps()
    script = "\n".join(f"{typed}\necho '=== {number}'" for number, (typed, _) in enumerate(told))
    own = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}

    done = subprocess.run(
        ["bash", "-u", "-c", script.replace(ADDRESS, demo.url)],
        cwd=tmp_path, env=own, check=False, capture_output=True, text=True, timeout=STORY_S,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    found = re.split(r"^=== \d+\n", done.stdout, flags=re.MULTILINE)[:-1]
    assert len(found) == len(told) >= 9
    for (typed, printed), shown in zip(told, found, strict=True):
        assert re.fullmatch(pattern(printed), shown), f"{typed}\nprinted\n{shown}\ninstead of\n{printed}"
