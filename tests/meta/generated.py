"""Every generated file, and what it should hold. `make regen` runs this file and writes them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.authorisation.page import authorisation_markdown
from tests.meta.cli_reference import cli_markdown
from tests.meta.figures_reference import observability_markdown
from tests.meta.schema_reference import schema_markdown

from gql_approvals.cli.settings_reference import markdown
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.matrix import render_matrix
from gql_approvals.schema import sdl
from gql_approvals.schema.error_table import errors_markdown
from gql_approvals.workflow import diagram, picture

ROOT = Path(__file__).parents[2]


def _matrix() -> str:
    return render_matrix(Policy.load(ROOT / "policies", now=datetime.now(UTC)), "acme")


def _workflow() -> str:
    return diagram.regenerated((ROOT / "docs/workflow.md").read_text("utf-8"))


GENERATED: dict[str, Callable[[], str]] = {
    "schema.graphql": lambda: sdl().rstrip("\n") + "\n",
    "docs/authorisation.md": authorisation_markdown,
    "docs/cli.md": cli_markdown,
    "docs/errors.md": errors_markdown,
    "docs/observability.md": observability_markdown,
    "docs/schema.md": schema_markdown,
    "docs/settings.md": markdown,
    "docs/workflow.md": _workflow,
    "docs/workflow.svg": picture.svg,
    "tests/policy/matrix.txt": _matrix,
}


def main() -> None:
    for name, text in GENERATED.items():
        path = ROOT / name
        before = path.read_text("utf-8") if path.exists() else None
        path.write_text(text(), encoding="utf-8", newline="\n")
        print(f"  {name}", "unchanged" if path.read_text("utf-8") == before else "written")  # noqa: T201


if __name__ == "__main__":
    main()
