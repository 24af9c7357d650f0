"""docs/workflow.svg: the campaign's statuses and what leads from one to another.

Where a thing stands is laid out by hand, below; which arrows there are, and what they are called, comes from
the transition table. An arrow that starts at a frame stands for one from every status in it.

Raises:
    LookupError: by `svg`, when a way of the table has no line here, or a line has no way.
"""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from gql_approvals.workflow.diagram import arrows
from gql_approvals.workflow.vocabulary import CampaignStatus as Status

WIDTH, HEIGHT, BOX = 1150, 560, 44
# status → x and y of its middle, width
BOXES: dict[str, tuple[int, int, int]] = {
    Status.DRAFT: (180, 190, 150),
    Status.PENDING_REVIEW: (490, 190, 164),
    Status.APPROVED: (800, 190, 130),
    Status.SENT: (1085, 190, 100),
    Status.REJECTED: (200, 320, 120),
    Status.EXPIRED: (200, 420, 120),
    Status.ARCHIVED: (985, 350, 110),
}
MAKERS, UNSENT = "makers", "unsent"


class Frame(NamedTuple):
    """A frame around statuses, and what it is called."""

    x: int
    y: int
    width: int
    height: int
    title: str
    statuses: tuple[Status, ...]


FRAMES = {
    UNSENT: Frame(
        70,
        130,
        815,
        365,
        "may be put away",
        (Status.DRAFT, Status.REJECTED, Status.EXPIRED, Status.PENDING_REVIEW, Status.APPROVED),
    ),
    MAKERS: Frame(85, 155, 190, 320, "the makers' turn", (Status.DRAFT, Status.REJECTED, Status.EXPIRED)),
}


class Line(NamedTuple):
    """An arrow: from a status or a frame to a status, its path, and where its words stand."""

    source: str
    target: Status
    path: str
    x: int
    y: int
    anchor: str = "middle"
    turn: int = 0
    usual: bool = False


LINES = (
    Line("[*]", Status.DRAFT, "M30 190H103", 45, 181),
    Line(MAKERS, Status.DRAFT, "M118 475V214", 111, 350, turn=-90),
    Line(Status.DRAFT, Status.PENDING_REVIEW, "M255 181H406", 330, 174, usual=True),
    Line(Status.PENDING_REVIEW, Status.DRAFT, "M408 201H257", 345, 216),
    Line(Status.REJECTED, Status.PENDING_REVIEW, "M260 312C380 312 442 270 452 214", 350, 288),
    Line(
        Status.PENDING_REVIEW,
        Status.REJECTED,
        "M488 212C480 296 400 332 262 332",
        446,
        318,
        "start",
        usual=True,
    ),
    Line(Status.PENDING_REVIEW, Status.EXPIRED, "M530 212C530 350 450 412 262 412", 520, 326, "start"),
    Line(Status.APPROVED, Status.EXPIRED, "M785 212C785 380 640 430 262 430", 560, 450, "start"),
    Line(Status.PENDING_REVIEW, Status.PENDING_REVIEW, "M452 168C438 125 494 125 482 166", 468, 126),
    Line(Status.PENDING_REVIEW, Status.APPROVED, "M572 190H733", 653, 164, usual=True),
    Line(Status.APPROVED, Status.SENT, "M865 190H1033", 949, 164, usual=True),
    Line(
        Status.PENDING_REVIEW,
        Status.SENT,
        "M545 168C560 116 600 106 680 106H990C1035 106 1052 136 1055 166",
        850,
        86,
        usual=True,
    ),
    Line(Status.APPROVED, Status.DRAFT, "M790 168C790 78 760 66 680 66H330C240 66 216 120 214 166", 460, 46),
    Line(Status.SENT, Status.DRAFT, "M1095 168C1095 60 1050 30 960 30H300C190 30 172 110 172 166", 640, 22),
    Line(MAKERS, Status.APPROVED, "M275 462H830V214", 390, 456),
    Line(MAKERS, Status.SENT, "M180 475V530H1095V214", 640, 510),
    Line(UNSENT, Status.ARCHIVED, "M885 350H928", 893, 318, "start"),
)

# What the table's conditions are called in the picture.
PLAIN = {
    "changes content": "other content",
    "misses the quorum": "not the last",
    "meets the quorum": "the last one",
    "goes on approval": "goes at once",
    "goes unless scheduled": "goes at once",
    "is manual": "by hand",
    "is due": "on time",
    "is overdue": "too late",
    "has live": "something is live",
    "has no live": "nothing is live",
}

STYLE = """
    svg { --paper: #ffffff; --ink: #1f2430; --quiet: #5b6472; --line: #7b8494; --usual: #0b62c4;
          --box: #eef3fa; --frame: #c3cad6; color-scheme: light dark; }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #14181f; --ink: #e8ecf3; --quiet: #a9b3c2; --line: #8a94a5; --usual: #6fb1ff;
            --box: #222b38; --frame: #4a5464; }
    }
    text { font: 13px system-ui, sans-serif; fill: var(--quiet); paint-order: stroke; stroke: var(--paper);
           stroke-width: 3px; }
    .paper { fill: var(--paper); }
    .frame { fill: none; stroke: var(--frame); stroke-dasharray: 5 4; }
    .line { fill: none; stroke: var(--line); stroke-width: 1.3; marker-end: url(#tip); }
    .line.usual { stroke: var(--usual); stroke-width: 2.2; marker-end: url(#usual-tip); }
    text.usual { fill: var(--usual); }
    .box { fill: var(--box); stroke: var(--line); }
    .name { font-size: 15px; font-weight: 600; fill: var(--ink); stroke: none; }
    #tip path, .start { fill: var(--line); }
    #usual-tip path { fill: var(--usual); }
"""


def svg() -> str:
    """The picture, for light and for dark pages, without scripts and fonts."""
    ways = {way: [_plain(label) for label in labels] for way, labels in arrows().items()}
    _check(set(ways))
    shapes = (*_frames(), *(shape for line in LINES for shape in _line(line, ways)), *_boxes())
    told = "; ".join(
        f"{source} to {target}: {' / '.join(labels)}" for (source, target), labels in ways.items()
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "  <title>What may become of a campaign</title>",
        f"  <desc>{escape(told)}</desc>",
        f"  <style>{STYLE}  </style>",
        f"  <defs>{_tip('tip')}{_tip('usual-tip')}</defs>",
        f'  <rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        '  <circle class="start" cx="24" cy="190" r="6"/>',
    )
    return "\n".join((*head, *(f"  {shape}" for shape in shapes), "</svg>\n"))


def _plain(label: str) -> str:
    return ", ".join(PLAIN.get(word, word) for word in label.split(", "))


def _check(ways: set[tuple[str, str]]) -> None:
    drawn = [way for line in LINES for way in _ways(line)]
    wrong = ways ^ set(drawn) | {way for way in drawn if drawn.count(way) > 1}
    if wrong:
        raise LookupError(f"draw exactly what the table has: {sorted(wrong)}")
    if set(BOXES) != set(Status):
        raise LookupError("every status has its box")


def _ways(line: Line) -> list[tuple[str, str]]:
    """What the line stands for, as the table has it."""
    sources = FRAMES[line.source].statuses if line.source in FRAMES else (line.source,)
    return [(str(source), str(line.target)) for source in sources]


def _line(line: Line, ways: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    (labels,) = {tuple(ways[way]) for way in _ways(line)}
    usual = " usual" if line.usual else ""
    yield f'<path class="line{usual}" d="{line.path}"/>'
    turn = f' transform="rotate({line.turn} {line.x} {line.y})"' if line.turn else ""
    for number, label in enumerate(labels):
        at = f'x="{line.x}" y="{line.y + 15 * number}" text-anchor="{line.anchor}"'
        yield f'<text class="label{usual}" {at}{turn}>{escape(label)}</text>'


def _frames() -> Iterator[str]:
    for frame in FRAMES.values():
        yield (
            f'<rect class="frame" x="{frame.x}" y="{frame.y}" width="{frame.width}" height="{frame.height}"'
            ' rx="10"/>'
        )
        corner = f'x="{frame.x + frame.width - 8}" y="{frame.y + frame.height - 7}"'
        yield f'<text {corner} text-anchor="end">{escape(frame.title)}</text>'


def _boxes() -> Iterator[str]:
    for status, (x, y, width) in BOXES.items():
        corner = f'x="{x - width // 2}" y="{y - BOX // 2}"'
        yield f'<rect class="box" {corner} width="{width}" height="{BOX}" rx="8"/>'
        yield f'<text class="name" x="{x}" y="{y + 5}" text-anchor="middle">{status}</text>'


def _tip(name: str) -> str:
    size = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse"'
    return f'<marker id="{name}" {size} orient="auto"><path d="M0 0L8 4L0 8z"/></marker>'
