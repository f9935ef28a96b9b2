"""Questions are answered alike on finished and on running runs."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from catalog import codec
from catalog.queries import EventQueries
from catalog.rebuild import rebuild
from catalog.store import EventStore
from catalog.tables import TABLES
from catalog.views import view_columns
from nautilus_bot.core.errors import EventCatalogError, NotFound
from nautilus_bot.core.messages import EquityMarked, FundingPaid, Indicator, RiskVerdict, RuleCheck, Signal

DOCS = Path(__file__).resolve().parents[3] / "docs" / "event-catalog.md"
DAY_NS = 86_400_000_000_000


def put(run, *messages):
    for message in messages:
        name, version, payload = codec.encode(message)
        run.journal.append(
            ts_init=message.ts_event, ts_market=message.ts_event, ts_publish=0, topic="t", type=name,
            version=version, payload=payload, strategy_id=getattr(message, "strategy_id", ""),
            instrument_id=getattr(message, "instrument_id", ""),
        )  # fmt: skip


def signal(number, *, strategy="RSI", symbol="BTCUSDT"):
    return Signal(
        ts_event=number * DAY_NS, signal_id=f"S-{number}", strategy=strategy, strategy_id=f"{strategy}-000",
        instrument_id=f"{symbol}-LINEAR.BYBIT", side="BUY", confidence=0.7, price="0.1", stop="0.09",
        target="", reason="up", indicators=(Indicator("rsi", 61.5),),
    )  # fmt: skip


REFUSAL = RiskVerdict(
    ts_event=DAY_NS, client_order_id="S-1-E", signal_id="S-1", strategy="RSI", strategy_id="RSI-000",
    instrument_id="BTCUSDT-LINEAR.BYBIT", approved=False, role="E", rule="throttle", reason="too soon",
    checks=(RuleCheck("state", True), RuleCheck("throttle", False, 30.0, 12.5, "secs", "too soon")),
)  # fmt: skip
MARK = EquityMarked(
    ts_event=DAY_NS, equity_usdt=10_001.5, balance_usdt=10_000.0, unrealized_usdt=1.5, drawdown_pct=0.25,
    gross_exposure_usdt=100.0, net_exposure_usdt=-100.0,
)  # fmt: skip
FUNDING = FundingPaid(
    ts_event=DAY_NS, instrument_id="BTCUSDT-LINEAR.BYBIT", strategy_id="RSI-000", rate="0.0001",
    quantity="0.1", price="50000", amount_usdt="-0.5",
)  # fmt: skip


@pytest.fixture
def running(tmp_path):
    run = EventStore(tmp_path).new_run("paper", "{}", durable=True)
    yield run
    run.journal.close()


def test_fees_and_pnl_in_sql_equal_the_rebuilt_ones_exactly(recorded):
    queries = EventQueries(recorded.store)
    summary = rebuild(recorded.run.folder).summary()
    assert queries.sql("SELECT sum(fee), count(*) FROM fills").rows == [(summary.fees["USDT"], summary.fills)]
    (pnl,) = queries.sql("SELECT sum(realized_pnl) FROM positions").rows[0]
    assert {"Flipper-000": pnl} == summary.realized_pnl


def test_every_order_is_one_row_with_its_present_state(recorded):
    orders = EventQueries(recorded.store).orders()
    expected = {o.client_order_id.value: o for o in recorded.engine.kernel.cache.orders()}
    assert len(orders.rows) == len(expected)
    for row in orders.dicts():
        order = expected[row["client_order_id"]]
        assert row["status"] == order.status_string()
        assert row["filled_qty"] == order.filled_qty.as_decimal()
        assert row["quantity"] == order.quantity.as_decimal()
        assert row["avg_px"] == (pytest.approx(order.avg_px) if order.avg_px else None)


def test_every_life_of_a_netted_position_is_one_row(recorded):
    cache = recorded.engine.kernel.cache
    positions = EventQueries(recorded.store).sql("SELECT * FROM positions").dicts()
    assert len(positions) == len(cache.positions()) + len(cache.position_snapshots())
    assert [row["closed"] is None for row in positions] == [False] * (len(positions) - 1) + [True]


def test_a_running_run_answers_with_what_was_written_until_now(running):
    queries = EventQueries(EventStore(running.folder.parents[1]))
    put(running, signal(1))
    assert len(queries.signals().rows) == 1
    put(running, signal(2), signal(3))
    assert [row["signal_id"] for row in queries.signals().dicts()] == ["S-1", "S-2", "S-3"]
    assert queries.sql("SELECT count(*) FROM entries").rows == [(3,)]


def test_entries_are_decoded_once_however_often_one_asks(running):
    put(running, signal(1))
    queries = EventQueries(EventStore(running.folder.parents[1]))
    for _ in range(3):
        queries.signals()
    assert sum(batch.num_rows for batch in queries._loaded["signals"].batches) == 1
    assert queries._loaded["fills"].batches == []


def test_strategy_symbol_since_and_limit_narrow_the_answer(running):
    put(running, signal(1), signal(2, strategy="EMA"), signal(3, symbol="ETHUSDT"), signal(4))
    queries = EventQueries(EventStore(running.folder.parents[1]))

    def ids(**wanted):
        return [row["signal_id"] for row in queries.signals(**wanted).dicts()]

    assert ids(strategy="RSI") == ["S-1", "S-3", "S-4"]
    assert ids(symbol="BTCUSDT") == ["S-1", "S-2", "S-4"]
    assert ids(since_ns=3 * DAY_NS) == ["S-3", "S-4"]
    assert ids(limit=2) == ["S-3", "S-4"]
    assert ids(strategy="RSI", symbol="BTC", limit=1) == ["S-4"]


def test_signals_verdicts_equity_and_funding_have_their_numbers(running):
    put(running, signal(1), REFUSAL, MARK, FUNDING)
    queries = EventQueries(EventStore(running.folder.parents[1]))
    row = queries.signals().dicts()[0]
    assert (row["price"], row["target"], row["confidence"]) == (Decimal("0.1"), None, 0.7)
    assert row["time"] == datetime(1970, 1, 2)  # noqa: DTZ001  naive UTC by definition
    assert queries.sql("SELECT indicators->0->>'name' FROM signals").rows == [("rsi",)]
    verdict = queries.verdicts().dicts()[0]
    assert (verdict["rule"], verdict["rule_limit"], verdict["observed"], verdict["unit"]) == (
        "throttle", 30.0, 12.5, "secs",
    )  # fmt: skip
    assert queries.equity().dicts()[0]["equity_usdt"] == 10_001.5
    assert queries.sql("SELECT sum(amount_usdt) FROM funding").rows == [(Decimal("-0.5"),)]


def test_all_runs_can_be_asked_at_once(tmp_path):
    store = EventStore(tmp_path)
    for name in ("one", "two"):
        run = store.new_run("paper", "{}", durable=False, run_id=name)
        put(run, signal(1))
        run.end()
    answer = EventQueries(store, "all").sql("SELECT run_id, count(*) FROM signals GROUP BY 1 ORDER BY 1")
    assert answer.rows == [("one", 1), ("two", 1)]
    assert len(EventQueries(store, "one").signals().rows) == 1
    assert [row["run_id"] for row in EventQueries(store).runs(limit=1).dicts()] == ["two"]


@pytest.mark.parametrize("view", view_columns())
def test_every_view_has_exactly_its_documented_columns(recorded, view):
    found = EventQueries(recorded.store).sql(f"SELECT * FROM {view} LIMIT 0").columns
    assert found == [column.name for column in view_columns()[view]]


@pytest.mark.parametrize("view", view_columns())
def test_the_documentation_lists_every_column_with_its_meaning(view):
    text = DOCS.read_text()
    assert f"### {view}\n" in text
    section = text.split(f"### {view}\n")[1].split("\n### ")[0]
    for column in view_columns()[view]:
        assert f"| `{column.name}` | {column.doc} |" in section


def test_a_table_reads_only_types_that_exist():
    known = {fact.__name__ for fact in codec.FACTS} | {event.__name__ for event in codec.EVENTS}
    assert {name for table in TABLES for name in table.types} <= known


def test_a_wrong_question_names_the_views(recorded):
    with pytest.raises(EventCatalogError, match="orders, positions"):
        EventQueries(recorded.store).sql("SELECT * FROM nothing")


@pytest.mark.parametrize("question", ["", "  ", "-- only a remark"])
def test_an_empty_question_is_refused(recorded, question):
    with pytest.raises(EventCatalogError, match="it is empty"):
        EventQueries(recorded.store).sql(question)


def test_an_unknown_run_is_not_found(recorded):
    with pytest.raises(NotFound):
        EventQueries(recorded.store, "nope")


def test_no_extension_of_duckdb_is_ever_downloaded(recorded):
    settings = EventQueries(recorded.store).sql(
        "SELECT value FROM duckdb_settings() WHERE name IN ('autoinstall_known_extensions', "
        "'autoload_known_extensions')"
    )
    assert settings.rows == [("false",), ("false",)]
