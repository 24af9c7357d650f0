"""Arguments that several commands have."""

from pathlib import Path

import click

folder_argument = click.argument("folder", required=False, type=click.Path(path_type=Path))
