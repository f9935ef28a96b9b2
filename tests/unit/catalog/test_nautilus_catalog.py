"""What Nautilus's own ParquetDataCatalog reads back is what the run recorded."""

import shutil

import pytest
from nautilus_trader.model.events import AccountState, OrderFilled, OrderInitialized, PositionClosed
from nautilus_trader.persistence.catalog import ParquetDataCatalog

from catalog.codec import decode
from catalog.journal import JOURNAL_FILE
from catalog.nautilus_catalog import export_nautilus
from catalog.reader import EntryFilter, entries
from catalog.seal import seal_run
from nautilus_bot.core.errors import EventCatalogError

READ_BACK = {
    OrderInitialized: str,
    OrderFilled: str,
    # the engine changes one and publishes it again under its id; Nautilus reads those as one
    AccountState: lambda one: (one.account_id, one.base_currency),
    # Nautilus keeps its quantities as floats, so a precision of zeros is lost
    PositionClosed: lambda one: (one.position_id, one.realized_pnl, one.avg_px_close, one.ts_closed),
}


@pytest.fixture
def sealed(recorded, tmp_path):
    """A run of which only the seal is left."""
    folder = tmp_path / "runs" / recorded.run.run_id
    shutil.copytree(recorded.run.folder, folder)
    seal_run(folder, str(tmp_path / "sealed"))
    (folder / JOURNAL_FILE).unlink()
    return folder


@pytest.mark.parametrize("kind", READ_BACK, ids=lambda kind: kind.__name__)
def test_nautilus_reads_back_from_a_sealed_run_what_the_journal_recorded(recorded, sealed, tmp_path, kind):
    counts = export_nautilus(sealed, tmp_path / "catalog")

    wanted = EntryFilter(types=(kind.__name__,))
    events = [
        decode(entry.type, entry.version, entry.payload)
        for entry in entries(recorded.run.folder, where=wanted)
    ]
    read = ParquetDataCatalog(str(tmp_path / "catalog")).query(kind)

    def by_id(found):
        return {one.id.value: READ_BACK[kind](one) for one in found}

    assert counts[kind.__name__] == len(events)
    assert len(read) == len(by_id(read)) > 3
    assert by_id(read) == by_id(events)
    assert [one.ts_init for one in read] == sorted(one.ts_init for one in read)


def test_a_folder_that_holds_something_is_left_alone(recorded, tmp_path):
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(EventCatalogError, match="must be empty"):
        export_nautilus(recorded.run.folder, tmp_path)
