"""`python -m storyboards`: play the stories and write their pages; ends with 1 when one goes otherwise."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from storyboards import admin, explorer, frontend
from storyboards.stage import ROOT, Book, NotAsTold, Stage, chromium

STORIES: dict[str, Callable[[Stage], None]] = {
    "explorer": explorer.play,
    "admin": admin.play,
    "frontend": frontend.play,
}


def main() -> int:
    """Play those that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="make storyboards", description=__doc__)
    parser.add_argument("story", nargs="*", choices=[[], *STORIES], help="default: all")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "storyboards", metavar="FOLDER")
    arguments = parser.parse_args()
    folder: Path = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    with chromium() as browser:
        for name in arguments.story or STORIES:
            try:
                with tempfile.TemporaryDirectory() as work:
                    book = Book(name, folder)
                    STORIES[name](Stage(Path(work), browser, book))
                for old in folder.glob(f"{name}-*.png"):
                    if int(old.stem.rpartition("-")[2]) > book.pictures:
                        old.unlink()
                book.write()
                tell(f"{name}: {book.pictures} pictures in {folder}")
            except NotAsTold as error:
                failed += 1
                tell(f"{name}: {error}")
    return 1 if failed else 0


def tell(text: str) -> None:
    """Write a line at once, so that it is seen while the next story is played."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
