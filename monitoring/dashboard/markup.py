"""The panel's few HTML parts: cards, tables, badges, bars; every text is escaped here and nowhere else."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple


class Cell(NamedTuple):
    """Text of a table's cell with its class, e.g. ``gain``, ``num`` or ``badge ok``."""

    text: str
    kind: str = ""


def card(title: str, value: str, remark: str = "", *, tone: str = "", live: bool = False) -> str:
    """
    Return one figure.

    Parameters
    ----------
    title, value, remark : str
        Its name, its value, and a line below.
    tone : str
        ``gain``, ``loss``, ``warn`` or nothing.
    live : bool
        Whether it pulses.
    """
    below = f"<small>{escape(remark)}</small>" if remark else ""
    pulse = " live" if live else ""
    name = escape(title.lower().replace(" ", "-"))
    return (
        f'<div class="card{pulse}" data-name="{name}"><span>{escape(title)}</span>'
        f'<b class="{tone}">{escape(value)}</b>{below}</div>'
    )


def cards(parts: Iterable[str]) -> str:
    """Return cards side by side."""
    return f'<div class="cards">{"".join(parts)}</div>'


def badge(text: str, kind: str) -> str:
    """Return a word on a coloured ground: ``ok``, ``warn``, ``bad`` or ``idle``."""
    return f'<span class="badge {kind}">{escape(text)}</span>'


def table(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | Cell]], empty: str) -> str:
    """
    Return a table in a glass box that scrolls by itself on a narrow screen.

    Parameters
    ----------
    name : str
        Its heading.
    columns : Sequence[str]
        Headings; one that ends with ``>`` holds figures.
    rows : Iterable[Sequence[str | Cell]]
        Cells.
    empty : str
        What is said when there are no rows.
    """
    lines = [_row(columns, row) for row in rows]
    slug = escape(name.lower().replace(" ", "-"))
    if not lines:
        return (
            f'<section class="box" data-name="{slug}"><h3>{escape(name)}</h3><p>{escape(empty)}</p></section>'
        )
    head = "".join(f"<th{_side(column)}>{escape(column.removesuffix('>'))}</th>" for column in columns)
    return (
        f'<section class="box" data-name="{slug}"><h3>{escape(name)}<i>{len(lines)}</i></h3>'
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div></section>"
    )


def bar(name: str, used: str, limit: str, share: float | None, remark: str = "") -> str:
    """
    Return a limit with how much of it is used.

    Parameters
    ----------
    share : float | None
        Used part of the limit, 0 to 1 and above; None where nothing can be measured.
    """
    kind = "idle" if share is None else "bad" if share >= 1 else "warn" if share >= 0.75 else "ok"
    width = 0.0 if share is None else min(100.0, max(0.0, 100 * share))
    return (
        f'<div class="limit" data-name="{escape(name)}"><div><b>{escape(name)}</b>'
        f"<span>{escape(used)} <em>of {escape(limit)}</em></span></div>"
        f'<div class="rail"><div class="{kind}" style="width:{width:.1f}%"></div></div>'
        f"<small>{escape(remark)}</small></div>"
    )


def box(name: str, inner: str, remark: str = "") -> str:
    """Return a glass box around parts that are markup already."""
    slug = escape(name.lower().replace(" ", "-"))
    below = f"<p>{escape(remark)}</p>" if remark else ""
    return f'<section class="box" data-name="{slug}"><h3>{escape(name)}</h3>{below}{inner}</section>'


def notice(text: str, kind: str = "bad") -> str:
    """Return one clear line: ``bad``, ``warn``, ``ok`` or ``idle``."""
    return f'<div class="notice {kind}" role="status">{escape(text)}</div>'


def _row(columns: Sequence[str], row: Sequence[str | Cell]) -> str:
    cells = []
    for column, value in zip(columns, row, strict=True):
        cell = value if isinstance(value, Cell) else Cell(value)
        if cell.kind.startswith("badge"):
            inner = f'<span class="{cell.kind}">{escape(cell.text)}</span>'
            cells.append(f"<td{_side(column)}>{inner}</td>")
        else:
            classes = " ".join(filter(None, ("num" if column.endswith(">") else "", cell.kind)))
            cells.append(f'<td class="{classes}">{escape(cell.text)}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _side(column: str) -> str:
    return ' class="num"' if column.endswith(">") else ""
