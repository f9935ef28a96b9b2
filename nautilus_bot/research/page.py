"""The HTML page that all reports share: one self-contained file in the product's look, opened anywhere."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

from plotly.offline import get_plotlyjs

from nautilus_bot.core.errors import DataError

_PAGE: Final = Template(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>$title</title><style>$style</style><script>$plotly</script></head>
<body><main>
$body
</main></body></html>
"""
)


def write_page(path: Path, title: str, parts: Iterable[str]) -> Path:
    """
    Write a page.

    Parameters
    ----------
    path : Path
        The file; its folder is made if it does not exist.
    title : str
        Of the browser's tab.
    parts : Iterable[str]
        HTML of the page's parts.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    style = files("nautilus_bot.research").joinpath("page.css").read_text(encoding="utf-8")
    page = _PAGE.substitute(title=escape(title), style=style, plotly=get_plotlyjs(), body="\n".join(parts))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as e:
        raise DataError(f"the report must be writable, {path} is not: {e}; choose another report_path") from e
    return path


def header(title: str, facts: Sequence[str], notes: Sequence[str] = ()) -> str:
    """Return the head of a page: a title, a line of facts, remarks."""
    remarks = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    return f"<header><h1>{escape(title)}</h1><p>{escape(' · '.join(facts))}</p>{remarks}</header>"


def tiles(figures: Sequence[tuple[str, str]]) -> str:
    """Return figures side by side; each is its name and the HTML of its value."""
    shown = (
        f'<div class="figure"><b>{value}</b><span>{escape(name)}</span></div>' for name, value in figures
    )
    return f'<div class="figures">{"".join(shown)}</div>'


def section(title: str, remark: str, content: Any) -> str:
    """Return a section with a plotly figure or HTML in it."""
    inner = content if isinstance(content, str) else _embed(content)
    return f"<section><h2>{escape(title)}</h2><p>{escape(remark)}</p>{inner}</section>"


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]], words: Sequence[int] = ()) -> str:
    """
    Return a table.

    Parameters
    ----------
    columns : Sequence[str]
        Headings.
    rows : Iterable[Sequence[str]]
        Cells as text; ``pass`` and ``FAIL`` are coloured.
    words : Sequence[int], optional
        Columns that hold words, aligned to the left like the first one; the others hold figures.
    """
    head = "".join(_cell("th", name, index in words) for index, name in enumerate(columns))
    lines = ("".join(_cell("td", text, index in words) for index, text in enumerate(row)) for row in rows)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def facts_list(facts: Iterable[tuple[str, str]]) -> str:
    """Return names with their texts, one below the other."""
    return (
        "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts) + "</dl>"
    )


def _cell(tag: str, text: str, is_words: bool) -> str:
    kind = {"pass": ' class="gain"', "FAIL": ' class="loss"'}.get(text, "")
    side = ' style="text-align: left; white-space: normal"' if is_words else ""
    return f"<{tag}{kind}{side}>{escape(text)}</{tag}>"


def _embed(figure: Any) -> str:
    html: str = figure.to_html(
        full_html=False, include_plotlyjs=False, config={"displayModeBar": False, "responsive": True}
    )
    return html
