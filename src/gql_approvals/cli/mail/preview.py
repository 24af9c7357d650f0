"""`mail preview`: what each event's mail looks like, with sample data."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import click

from gql_approvals.cli.output import CannotStart
from gql_approvals.settings import from_environment
from gql_approvals.workflow.vocabulary import Channel

_CHANNELS = [channel.lower() for channel in Channel]


def _text(mail: EmailMessage) -> str:
    names = ("From", "To", "Subject")
    head = "".join(f"{name}: {mail[name]}\n" for name in names)
    return f"{head}\n{_part(mail, 'plain')}"


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    return "" if body is None else str(body.get_content())


# form → how a mail is written in it
_FORMS: Mapping[str, Callable[[EmailMessage], str]] = {
    "text": _text,
    "html": lambda mail: _part(mail, "html"),
    "eml": lambda mail: mail.as_bytes().decode("utf-8").replace("\r\n", "\n"),
}


@click.command()
@click.argument("event", required=False)
@click.option(
    "--format", "form", type=click.Choice(list(_FORMS)), default="text", show_default=True,
    help="text: its headers and text; html: its HTML; eml: all of it, as it is sent.",
)  # fmt: skip
@click.option(
    "--channel", type=click.Choice(_CHANNELS), default=_CHANNELS[0], show_default=True,
    help="The channel of the sample campaign.",
)  # fmt: skip
@click.option("--sent-before", is_flag=True, help="As if an earlier revision had been sent: what changed.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path),
    help="A folder: write EVENT-CHANNEL.txt, .html and .eml there; without EVENT, of every event.",
)  # fmt: skip
def preview(event: str | None, form: str, channel: str, *, sent_before: bool, out: Path | None) -> None:
    """Show the mail of EVENT, with sample data.

    Without EVENT, the events are listed. Needs no database and sends nothing. The link is that of
    GQL_APPROVALS_REVIEW_URL if it is set.
    """
    from gql_approvals.relay.samples import EVENTS, REVIEW_URL, sample
    from gql_approvals.relay.wording import badge_of

    review_url = from_environment().review_url or REVIEW_URL
    known = {_short(name): name for name in EVENTS}
    chosen = list(known) if event is None else [_known(event, known)]

    def mail(name: str) -> EmailMessage:
        return sample(
            known[name], Channel(channel.upper()), datetime.now(UTC), sent_before=sent_before,
            review_url=review_url,
        )  # fmt: skip

    if out is not None:
        for name in chosen:
            _write(out, f"{name.replace(':', '_')}-{channel}", mail(name))
    elif event is None:
        width = max(map(len, known))
        click.echo("\n".join(f"{name:<{width}}  {badge_of(known[name])}" for name in known))
    else:
        click.echo(_FORMS[form](mail(chosen[0])), nl=False)


def _short(event: str) -> str:
    """`campaign:rejected` → `rejected`; other events keep their whole name."""
    return event.removeprefix("campaign:")


def _known(event: str, known: Iterable[str]) -> str:
    name = _short(event.strip().lower())
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`?" if near else "`gql-approvals mail preview` lists them"
    raise click.BadParameter(f"there is no event `{event}`: {hint}", param_hint="EVENT")


def _write(folder: Path, name: str, mail: EmailMessage) -> None:
    endings = {"text": "txt", "html": "html", "eml": "eml"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for form, ending in endings.items():
            path = folder / f"{name}.{ending}"
            path.write_text(_FORMS[form](mail), encoding="utf-8")
            click.echo(str(path))
    except OSError as error:
        raise CannotStart(f"`{folder}` cannot be written: {error.strerror}; name another folder") from error
