"""Hand a view's rows to other programs as one Parquet, CSV or JSON file, written whole or not at all."""

from pathlib import Path
from typing import Final, Literal

from catalog.queries import EventQueries
from catalog.views import view_columns
from nautilus_bot.core.errors import EventCatalogError, NotFound, did_you_mean

type Format = Literal["parquet", "csv", "json"]

FORMATS: Final[dict[str, str]] = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER",
    "json": "FORMAT json, ARRAY true",
}


def export_view(queries: EventQueries, view: str, target: Path, file_format: str = "") -> int:
    """
    Write all rows of a view into a file.

    Parameters
    ----------
    queries : EventQueries
        The runs to export.
    view : str
        ``fills``, ``orders``, ``positions`` ...
    target : Path
        The file, replaced when it exists; its folder is created.
    file_format : str, default ""
        ``parquet``, ``csv`` or ``json``; by default the target's suffix.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    NotFound
        If there is no such view or format.
    EventCatalogError
        If the file cannot be written.
    """
    wanted = file_format or target.suffix.removeprefix(".")
    for name, known in ((view, view_columns()), (wanted, FORMATS)):
        if name not in known:
            raise NotFound(f"cannot export {view!r} as {wanted!r}: {did_you_mean(name, known)}")
    draft = target.with_name(f"{target.name}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path = str(draft).replace("'", "''")
        # a COPY takes no bound values: the view is one of ours, the path is quoted
        ((rows,),) = queries.sql(f"COPY (SELECT * FROM {view}) TO '{path}' ({FORMATS[wanted]})").rows  # noqa: S608
        draft.replace(target)
    except (OSError, EventCatalogError) as e:
        if draft.is_file():
            draft.unlink()
        raise EventCatalogError(f"{target} must be writable: {e}") from e
    return int(rows)
