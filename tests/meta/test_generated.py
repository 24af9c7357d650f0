"""Generated files that are checked in say what the code says."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from generated import GENERATED, ROOT


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_fresh(name: str):
    assert (ROOT / name).read_text("utf-8") == GENERATED[name](), "run `make regen`"
