"""`settings`: every setting there is, the value in force, and where it was set."""

import click

from gql_approvals.cli.output import as_json, visible
from gql_approvals.errors import BadSettings
from gql_approvals.settings import Reading, read


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="json: one value, for programs; markdown: the reference, without values.",
)
def settings(form: str) -> None:
    """List the settings, and where each was set.

    Secrets and passwords are not shown. What is wrong is told, and ends the command with 2.
    """
    from gql_approvals.cli.settings_reference import markdown

    if form == "markdown":
        click.echo(markdown(), nl=False)
        return
    found = read()
    click.echo(as_json(_as_data(found)) if form == "json" else visible(_text(found)))
    if found.problems:
        raise BadSettings("\n".join(found.problems))


def _as_data(found: Reading) -> list[dict[str, str]]:
    from gql_approvals.cli.settings_reference import rows, shown

    return [
        {
            "name": row.name,
            "topic": row.topic,
            "value": shown(row, getattr(found.settings, row.field)),
            "source": found.places.get(row.name, "default"),
            "default": row.default,
            "about": row.about,
        }
        for row in rows()
    ]


def _text(found: Reading) -> str:
    from gql_approvals.cli.settings_reference import rows, shown

    lines = [f"file: {found.file or 'none'}"]
    topic = ""
    for row in rows():
        if row.topic != topic:
            topic = row.topic
            lines += ["", topic, "-" * len(topic)]
        place = found.places.get(row.name)
        lines.append(f"{row.name}={shown(row, getattr(found.settings, row.field))}  ({place or 'default'})")
        instead = f"; default: {row.default}" if place and row.default else ""
        lines.append(f"    {row.about}{instead}")
    return "\n".join(lines)
