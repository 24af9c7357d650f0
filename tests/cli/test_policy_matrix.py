"""`policy matrix`: the table for one account, for those that no line names, and for programs."""

import json
from collections.abc import Callable
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "policies"
GOLDEN = Path(__file__).parents[1] / "policy" / "matrix.txt"


def test_the_matrix_of_an_account_is_the_reviewed_one(run: Callable):
    done = run("policy", "matrix", str(SHIPPED), "--account", "acme")

    assert (done.code, done.err, done.out) == (0, "", GOLDEN.read_text("utf-8"))


def test_without_an_account_it_is_that_of_all_others(run: Callable):
    done = run("policy", "matrix", str(SHIPPED))

    heading, *_, last = done.out.splitlines()
    assert heading == "Who may do what in every account that no line names."
    assert last == "maker withdraw: involved"
    assert "text_approver" not in done.out


def test_programs_get_one_value(run: Callable):
    found = json.loads(run("policy", "matrix", str(SHIPPED), "--account", "acme", "--format", "json").out)

    assert found["account"] == "acme"
    assert found["actions"]["approve"]["text_approver"] == {
        "may": "sometimes",
        "when": ["on sms, whatsapp; audience at most 50,000"],
    }
    assert found["actions"]["approve"]["everyone"] == {"may": "never", "when": []}
    assert found["actions"]["view"]["everyone"] == {"may": "always", "when": []}


def test_a_misspelt_account_is_pointed_out(run: Callable):
    done = run("policy", "matrix", str(SHIPPED), "--account", "acne")

    assert (done.code, done.err) == (0, "no line names the account `acne`: did you mean `acme`?\n")


def test_a_policy_with_mistakes_has_no_matrix(run: Callable, tmp_path: Path):
    (tmp_path / "policy.csv").write_text("p, maker\n")

    done = run("policy", "matrix", str(tmp_path))

    assert (done.code, done.out) == (1, "")
    assert " error [missing] " in done.err
    assert " error [columns] " in done.err
