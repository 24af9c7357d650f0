"""Generated files that are checked in say what the code says."""

import pytest
from tests.meta.generated import GENERATED, ROOT


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_fresh(name: str):
    assert (ROOT / name).read_text("utf-8") == GENERATED[name](), "run `make regen`"
