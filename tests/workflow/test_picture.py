"""docs/workflow.svg shows what the table has, no more and no less."""

import re
import xml.etree.ElementTree as ET

import pytest

from gql_approvals.workflow import picture
from gql_approvals.workflow.diagram import arrows
from gql_approvals.workflow.vocabulary import CampaignStatus

SVG = "{http://www.w3.org/2000/svg}"


def test_every_status_has_its_box_and_every_way_its_words():
    drawn = ET.fromstring(picture.svg())  # noqa: S314  # our own
    texts = [text.text for text in drawn.iter(f"{SVG}text")]

    assert set(CampaignStatus) <= set(texts)
    for labels in arrows().values():
        for label in labels:
            assert ", ".join(picture.PLAIN.get(word, word) for word in label.split(", ")) in texts


def test_a_way_without_a_line_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(picture, "LINES", picture.LINES[1:])

    with pytest.raises(LookupError, match=re.escape("[('[*]', 'DRAFT')]")):
        picture.svg()


def test_a_line_without_a_way_is_an_error(monkeypatch: pytest.MonkeyPatch):
    forged = picture.LINES[0]._replace(source="SENT", target=CampaignStatus.PENDING_REVIEW)
    monkeypatch.setattr(picture, "LINES", (*picture.LINES, forged))

    with pytest.raises(LookupError, match="'SENT', 'PENDING_REVIEW'"):
        picture.svg()


def test_a_way_that_is_drawn_twice_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(picture, "LINES", (*picture.LINES, picture.LINES[0]))

    with pytest.raises(LookupError, match="DRAFT"):
        picture.svg()


def test_a_status_without_a_box_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(picture.BOXES, CampaignStatus.ARCHIVED)

    with pytest.raises(LookupError, match="every status"):
        picture.svg()


def test_every_condition_that_is_put_plainly_is_one_of_the_table():
    words = {word for labels in arrows().values() for label in labels for word in label.split(", ")}

    assert set(picture.PLAIN) - words == set()


def test_every_line_ends_at_the_box_it_leads_to():
    for line in picture.LINES:
        x, y, width = picture.BOXES[line.target]
        numbers = re.findall(r"[A-Z][^A-Z]*", line.path)
        end_x, end_y = _end(numbers)
        assert abs(end_x - x) <= width / 2 + 3, line
        assert abs(end_y - y) <= picture.BOX / 2 + 3, line


def _end(parts: list[str]) -> tuple[float, float]:
    x = y = 0.0
    for part in parts:
        numbers = [float(number) for number in part[1:].split()]
        match part[0]:
            case "H":
                x = numbers[-1]
            case "V":
                y = numbers[-1]
            case _:
                x, y = numbers[-2:]
    return x, y


def test_it_reaches_for_nothing_outside():
    text = picture.svg().replace("http://www.w3.org/2000/svg", "")

    assert [word for word in ("http", "<script", "@import", "href", "@font-face") if word in text] == []
    assert "prefers-color-scheme: dark" in text
