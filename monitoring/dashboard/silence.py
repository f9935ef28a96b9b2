"""``why-not`` as the command line answers it: why a strategy did not trade at a moment, as markup."""

from html import escape
from typing import Any

from monitoring.dashboard.markup import Cell, box, table

TITLES = {
    "no bar": "Nothing was evaluated",
    "warming up": "No decision",
    "conditions": "No signal",
    "busy": "No signal",
    "refused": "No order",
    "traded": "It did trade",
    "unfilled": "No fill",
}


def silence_words(run: str, root: str, strategy: str, symbol: str, at: str) -> list[str]:
    """Return the words after ``nautilus-bot`` that ask."""
    return ["why-not", "-s", strategy, "-p", symbol, "--at", at, "--run", run, "--root", root]


def silence_box(found: dict[str, Any]) -> str:
    """Return the answer with the margins of all conditions, the nearer direction first."""
    head = (
        f"<p><b>{escape(TITLES.get(found['answer'], found['answer']))}</b>: {escape(found['sentence'])}</p>"
    )
    sides = found.get("sides") or []
    if len(sides) != 2:
        return box("Why not", head)
    first, second = sides
    rows: list[list[str | Cell]] = [
        [one["name"], _margin(one["margin"]), _margin(other["margin"]), one["unit"]]
        for one, other in zip(first["margins"], second["margins"], strict=True)
    ]
    columns = ("Condition", f"For a {first['side']}>", f"For a {second['side']}>", "Unit")
    return box("Why not", head) + table("Conditions", columns, rows, "None.")


def _margin(margin: float) -> Cell:
    return Cell(f"met by {margin:.4g}", "gain") if margin >= 0 else Cell(f"missed by {-margin:.4g}", "loss")
