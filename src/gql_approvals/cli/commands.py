"""The class of every group of commands: their order, and what is said of what is mistyped or refused."""

import contextlib
from collections.abc import Generator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import click
from click.exceptions import NoSuchCommand
from typing_extensions import override

from gql_approvals.cli.output import CannotStart, printable, visible
from gql_approvals.errors import ApprovalsError, StartError

_HEADINGS = {
    "SETTINGS": "the settings are wrong (`gql-approvals settings` lists what there is)",
    "POLICY": "the policy files have mistakes",
}


class Commands(click.Group):
    """A group whose commands are listed in the order in which they were added."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


class Main(Commands):
    """The command itself: its commands stand in sections, and whatever goes wrong is told in one message."""

    def __init__(self, sections: Mapping[str, Sequence[click.Command]], **given: Any) -> None:  # noqa: ANN401  # what click.Group takes
        super().__init__(**given)
        self._sections = sections
        for commands in sections.values():
            for command in commands:
                self.add_command(command)

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands))
        for title, commands in self._sections.items():
            names = [(command.name or "", command) for command in commands]
            with formatter.section(title):
                limit = formatter.width - 6 - width
                formatter.write_dl([(f"{n:<{width}}", one.get_short_help_str(limit)) for n, one in names])

    @override
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _explained():
            _check_letters(args)
            return super().make_context(info_name, args, parent, **extra)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        with _explained():
            return super().invoke(ctx)


@contextlib.contextmanager
def _explained() -> Generator[None]:
    """Turn what was mistyped, and expected errors, into one message and an exit code."""
    try:
        yield
    except NoSuchCommand as error:
        raise click.UsageError(_unknown_command(error), error.ctx) from error
    except click.NoSuchOption as error:
        raise click.UsageError(_unknown_option(error), error.ctx) from error
    except ApprovalsError as error:
        raise _told(error) from error
    except click.ClickException as error:
        said = visible(error.message)  # it may quote what others wrote
        error.message = said  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # declared, not made, final
        raise


def _check_letters(words: Sequence[str]) -> None:
    """What a terminal sends in another encoding arrives as halves of pairs, which nothing can hold."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise click.UsageError(
                f"`{printable(word)}` is no text in UTF-8: type it on a terminal that is"
            ) from None


def _unknown_command(error: NoSuchCommand) -> str:
    group = None if error.ctx is None else error.ctx.command
    known = list(group.commands) if isinstance(group, click.Group) else []
    near = get_close_matches(error.command_name.lower(), known, n=1)
    fix = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(f'`{one}`' for one in known)}"
    return f"no such command `{printable(error.command_name)}`; {fix}"


def _unknown_option(error: click.NoSuchOption) -> str:
    near = f"; did you mean `{error.possibilities[0]}`?" if error.possibilities else ""
    return f"no such option `{printable(error.option_name)}`{near}"


def _told(error: ApprovalsError) -> click.ClickException:
    message = visible(error.message)
    if isinstance(error, StartError) and error.code in _HEADINGS:
        message = "\n  ".join([_HEADINGS[error.code] + ":", *message.splitlines()])
    return CannotStart(message) if isinstance(error, StartError) else click.ClickException(message)
