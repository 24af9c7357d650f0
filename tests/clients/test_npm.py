"""A pipeline without Node.js must not look as if the clients had been tested."""

import pytest
from tests import npm


def test_without_node_a_pipeline_fails(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match=r"Node\.js"):
        npm.install(tmp_path)


def test_without_node_a_run_by_hand_says_what_it_skips(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match=r"Node\.js"):
        npm.install(tmp_path)
