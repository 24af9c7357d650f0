"""The stories of docs/storyboards can be played: every step does what the pages say."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "storyboards"
LIMIT_S = 600


@pytest.mark.alone
@pytest.mark.parametrize("story", ["explorer", "admin", "frontend"])
def test_a_story_goes_as_its_page_says(story: str, tmp_path: Path):
    command = [sys.executable, "-m", "storyboards", story, "--out", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=LIMIT_S)

    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / f"{story}.md").read_text("utf-8")
    assert page == (PAGES / f"{story}.md").read_text("utf-8"), "run `make storyboards`"
    pictures = sorted(path.name for path in PAGES.glob(f"{story}-*.png"))
    assert sorted(path.name for path in tmp_path.glob("*.png")) == pictures
    assert len(pictures) > 5
