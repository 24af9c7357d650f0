"""`init`: the files that a production server begins with."""

from pathlib import Path

import click

from gql_approvals.cli.output import format_option, show


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@format_option
def init(folder: Path, form: str) -> None:
    """Write settings and policy files, and say what to do next.

    FOLDER is made if it is not there; by default it is the one you are in. Files that exist are left as they
    are. The settings file holds a fresh secret, and only you may read it.
    """
    from gql_approvals.cli.first_files import files_to_write, next_steps, write

    written: list[str] = []
    existing: list[str] = []
    for file in files_to_write():
        (written if write(folder, file) else existing).append(file.name)
    steps = next_steps(folder)
    data = {
        "folder": str(folder),
        "written": written,
        "existing": existing,
        "next": [{"do": do, "why": why} for do, why in steps],
    }
    lines = [f"written   {folder / name}" for name in written]
    lines += [f"is there  {folder / name}, left as it is" for name in existing]
    wide = max(len(do) for do, _ in steps)
    lines += ["", "Next:"] + [
        f"  {number}. {do:<{wide}}   {why}" for number, (do, why) in enumerate(steps, 1)
    ]
    show(data, "\n".join(lines), form)
