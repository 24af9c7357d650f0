"""groups.csv is read as strictly as policy.csv: a mistake has its place, and gives nobody anything."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gql_approvals import app
from gql_approvals.errors import BadPolicy
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.groups import Groups, read_groups
from gql_approvals.settings import Settings

pytestmark = pytest.mark.wide

POLICIES = Path(__file__).parents[2] / "policies"
ACCOUNTS = ("acme", "globex")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load(POLICIES, now=datetime(2026, 11, 21, tzinfo=UTC))


def read(policy: Policy, folder: Path, text: str | bytes) -> tuple[Groups, list[str]]:
    path = folder / "groups.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    groups, problems = read_groups(path, policy, ACCOUNTS)
    return groups, [problem.text.removeprefix(f"{folder}/groups.csv:") for problem in problems]


def test_every_line_gives_a_role(policy: Policy, tmp_path: Path):
    text = """\ufeffgroup,account,role\r
# a comment\r
/teams/makers , acme, maker\r
"CN=Legal,OU=Acme", acme, checker\r
"CN=Legal,OU=Acme", acme, legal_reviewer,,\r
"CN=Legal,OU=Acme", globex, viewer\r
"""
    groups, problems = read(policy, tmp_path, text)

    assert problems == []
    assert groups.given_to(frozenset({"/teams/makers"})) == {"acme": {"maker"}}
    assert groups.given_to(["CN=Legal,OU=Acme", "other"]) == {
        "acme": {"checker", "legal_reviewer"},
        "globex": {"viewer"},
    }
    assert groups.given_to(["/teams/Makers", "CN=Legal"]) == {}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a, acme, makr", "2:10: [role] the policy knows no role `makr` in `acme`: did you mean `maker`?"),
        (
            "a, acmee, maker",
            (
                "2:4: [account] there is no account `acmee`: did you mean `acme`? or make it with "
                "`gql-approvals account create acmee --admin EMAIL`"
            ),
        ),
        (
            "a, *, maker",
            (
                "2:4: [account] there is no account `*`: it is one of `acme`, `globex` or make it with "
                "`gql-approvals account create * --admin EMAIL`"
            ),
        ),
        ("a, acme", "2:4: [columns] the line has 2 columns instead of 3: write group, account, role"),
        (
            "a, acme, maker, x",
            "2:17: [columns] the line has 4 columns instead of 3: write group, account, role",
        ),
        (", acme, maker", "2:1: [blank] the column `group` is empty: name the group"),
        ("a,, maker", "2:3: [blank] the column `account` is empty: name the account"),
        (
            "g, acme, checker",
            (
                "2:10: [duties] with this line, `g` could both make and decide in `acme`: "
                "give the roles to two groups: nobody may hold both"
            ),
        ),
        ('"a, acme, maker', "2:1: [quote] a quote is not closed: no column needs quotes: remove them"),
    ],
)
def test_a_mistake_has_its_place_and_its_line_gives_nothing(
    policy: Policy, tmp_path: Path, line: str, told: str
):
    groups, problems = read(policy, tmp_path, f"g, acme, maker\n{line}\n")

    assert problems == [told]
    assert groups.lines == (("g", "acme", "maker"),)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\xff\xfeg", "encoding"), (b"g;acme;maker", "separator"), (b"g\tacme\tmaker", "separator")],
)
def test_a_file_that_cannot_be_read_gives_nothing(policy: Policy, tmp_path: Path, data: bytes, code: str):
    groups, [problem] = read(policy, tmp_path, data)

    assert f"[{code}]" in problem
    assert groups == Groups()


def test_a_file_that_is_missing_is_a_mistake(policy: Policy, tmp_path: Path):
    groups, [problem] = read_groups(tmp_path / "none.csv", policy, ACCOUNTS)

    assert problem.text == f"{tmp_path}/none.csv:1:1: [missing] there is no such file"
    assert groups == Groups()


async def test_the_server_does_not_start_with_a_mistake_in_it(sqlite_url: str, tmp_path: Path):
    file = tmp_path / "groups.csv"
    file.write_text("makers, acme, maker\n")
    settings = Settings(
        database_url=sqlite_url,
        policies=str(POLICIES),
        oidc_issuer="https://login.test",
        oidc_audience="approvals",
        oidc_roles=str(file),
    )

    with pytest.raises(BadPolicy) as caught:
        await app.check_start(settings)

    assert caught.value.message == (
        f"{file}:1:9: [account] there is no account `acme`: "
        "make it with `gql-approvals account create acme --admin EMAIL`"
    )


def test_without_a_setting_the_file_beside_the_policy_is_meant(tmp_path: Path):
    assert Settings(policies=str(tmp_path)).groups_file is None
    (tmp_path / "groups.csv").write_text("")
    assert Settings(policies=str(tmp_path)).groups_file == tmp_path / "groups.csv"
    assert Settings(policies=str(tmp_path), oidc_roles="other.csv").groups_file == Path("other.csv")
