"""What a command shows is one document or one rendering, and progress stays out of the way."""

import json
import math
from decimal import Decimal

import pytest

from nautilus_bot.cli.output import emit, progress, table

Captured = pytest.CaptureFixture[str]


def test_json_is_one_document_and_the_rendering_is_not_built(capsys: Captured) -> None:
    emit({"a": math.nan, "b": Decimal("1.10")}, True, lambda _: pytest.fail("must not render"))
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": "1.10"}


def test_text_in_square_brackets_is_shown_as_it_is(capsys: Captured) -> None:
    emit(None, False, lambda _: "risk.rules[bold] = 1")
    emit(None, False, lambda _: table("", ("name",), [("[red]x",)]))
    shown = capsys.readouterr().out
    assert "risk.rules[bold] = 1" in shown
    assert "[red]x" in shown


def test_a_column_whose_heading_ends_with_an_arrow_is_right_aligned() -> None:
    grid = table("t", ("name", "trades>"), [("a", 1)])
    assert [(column.header, column.justify) for column in grid.columns] == [
        ("name", "left"),
        ("trades", "right"),
    ]


def test_progress_writes_nothing_where_there_is_no_terminal(capsys: Captured) -> None:
    with progress("working", total=2) as job:
        job.advance()
        job.describe("still working")
        job.advance()
    assert capsys.readouterr() == ("", "")
