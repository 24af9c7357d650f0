"""docs/performance.svg: requests a second of every server; each step of the scale is ten times the last."""

import math
from collections.abc import Iterator
from html import escape

from bench.workloads.operations import ALL
from bench.workloads.outcome import Run, Series

LEFT, WIDTH, BAR, GAP, HEAD = 250, 620, 14, 16, 46
STEPS = (1, 10, 100, 1_000, 10_000)
STYLE = """
text { font: 12px sans-serif; fill: #333 } .name { font-weight: bold } .number, .step { fill: #777 }
rect { fill: #b9c4d0 } .product { fill: #2f6fb0 } line { stroke: #ddd }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .number, .step { fill: #999 } line { stroke: #444 }
rect { fill: #5b6774 } .product { fill: #5b9bd5 } }
"""


def svg(run: Run) -> str:
    """The picture."""
    groups = [
        (f"{workload.code}, {database}", found)
        for workload in ALL
        for database in dict.fromkeys(one.database for one in run.series)
        if (found := [one for one in run.series if (one.workload, one.database) == (workload.code, database)])
    ]
    height = HEAD + sum(len(found) * BAR + GAP for _, found in groups)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 80} {height}">',
        f"<style>{STYLE}</style>",
        '<text x="8" y="18" class="name">Requests a second, one worker; more is better</text>',
        *_steps(height),
    ]
    top = HEAD
    for title, found in groups:
        lines.append(f'<text x="8" y="{top + BAR - 3}" class="name">{escape(title)}</text>')
        for one in found:
            lines += _bar(one, top)
            top += BAR
        top += GAP
    return "\n".join([*lines, "</svg>", ""])


def _steps(height: int) -> Iterator[str]:
    for step in STEPS:
        x = LEFT + _length(step)
        yield f'<line x1="{x}" x2="{x}" y1="{HEAD - 10}" y2="{height}"/>'
        yield f'<text x="{x}" y="{HEAD - 14}" class="step" text-anchor="middle">{step:,}</text>'


def _bar(one: Series, top: int) -> Iterator[str]:
    value = one.median("per_s") or 0.0
    length = _length(value)
    kind = ' class="product"' if one.contender == "product" else ""
    label = f'x="{LEFT - 8}" y="{top + BAR - 3}" text-anchor="end"'
    yield f"<text {label}>{escape(one.contender)}</text>"
    yield f'<rect{kind} x="{LEFT}" y="{top + 1}" width="{length}" height="{BAR - 3}"/>'
    yield f'<text class="number" x="{LEFT + length + 6}" y="{top + BAR - 3}">{value:,.0f}</text>'


def _length(value: float) -> int:
    """How long a bar is; below 1 a second there is none."""
    return round(WIDTH * math.log10(max(value, 1.0)) / math.log10(STEPS[-1]))
