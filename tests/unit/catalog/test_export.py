"""An exported file holds what the view says, in every format."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from catalog.export import FORMATS, export_view
from catalog.queries import EventQueries
from nautilus_bot.core.errors import EventCatalogError, NotFound


def read(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    with path.open(newline="") as file:
        return json.load(file) if path.suffix == ".json" else list(csv.DictReader(file))


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_of_the_view_is_in_the_file(recorded, tmp_path, name):
    queries = EventQueries(recorded.store)
    target = tmp_path / "new folder" / f"it's fills.{name}"
    count = export_view(queries, "fills", target)
    rows = read(target)
    expected = queries.fills().dicts()
    assert len(rows) == count == len(expected) > 20
    assert [float(row["fee"]) for row in rows] == [float(row["fee"]) for row in expected]
    assert list(rows[0]) == list(expected[0])
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_failed_export_leaves_the_old_file(recorded, tmp_path):
    target = tmp_path / "fills.csv"
    target.write_text("old")
    (tmp_path / "fills.csv.tmp").mkdir()
    with pytest.raises(EventCatalogError, match="must be writable"):
        export_view(EventQueries(recorded.store), "fills", target)
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    ("view", "file", "hint"),
    [("fill", "x.csv", "'fills'"), ("fills", "x.parket", "'parquet'"), ("fills", "x", "known: csv")],
)
def test_an_unknown_view_or_format_is_answered_with_the_known_ones(recorded, tmp_path, view, file, hint):
    with pytest.raises(NotFound, match=hint):
        export_view(EventQueries(recorded.store), view, tmp_path / file)
