"""AC-01 to AC-06: the backtest as a user meets it, on a synthetic market and on history."""

import json
import os
import re
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from nautilus_trader.model.data import BarType
from nautilus_trader.model.events import OrderFilled, PositionClosed

from catalog.rebuild import rebuild
from catalog.store import EventStore
from nautilus_bot.cli.main import main
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.core import topics
from nautilus_bot.market.importer import import_files
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.node.backtest import build_backtest
from nautilus_bot.node.compose import build_node_spec, build_simulation
from nautilus_bot.node.modes import MODES
from nautilus_bot.research.backtest.market import load_market
from nautilus_bot.research.backtest.recorded import Fill, load_recorded
from nautilus_bot.research.backtest.trades import build_trades
from strategies.table import STRATEGIES

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("BOT_SHARED_DATA", ROOT.parent / "shared" / "data"))
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
CENT = Decimal("0.01")
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with the shipped configuration and nothing else."""
    for name in list(os.environ):
        if name.startswith("BOT_") and name != "BOT_SHARED_DATA":
            monkeypatch.delenv(name)
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_json(capsys: Captured, *words: str) -> dict:
    assert main([*words, "--json"]) == 0, capsys.readouterr()
    return json.loads(capsys.readouterr().out)


def test_ac01_the_demo_prints_six_strategies_on_three_symbols(folder, capsys):
    assert main(["demo", "--duration", "0"]) == 0
    shown = capsys.readouterr().out
    for name in STRATEGIES:
        assert name.removesuffix("Strategy") in shown
    assert all(shown.count(f"  {symbol} ") >= 6 for symbol in SYMBOLS)
    run_id = re.search(r"^run +(\S+)$", shown, re.MULTILINE)[1]
    assert EventStore(folder / "var/events").resolve("latest") == run_id
    report = (folder / re.search(r"^report +(\S+)$", shown, re.MULTILINE)[1]).read_text()
    assert run_id in report
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", report), "the report needs a network"


def test_ac02_two_runs_of_one_configuration_decide_alike(folder, capsys):
    one = run_json(capsys, "backtest", "--timerange", "-20250110")
    two = run_json(capsys, "backtest", "--timerange", "-20250110")
    assert one["run_id"] != two["run_id"]
    volatile = ("run_id", "event_catalog", "report", "seconds", "bars_per_second")
    assert {k: v for k, v in one.items() if k not in volatile} == {
        k: v for k, v in two.items() if k not in volatile
    }
    other = run_json(capsys, "backtest", "--timerange", "-20250109")
    assert other["decisions_digest"] != one["decisions_digest"]


class EngineBooks:
    """What the engine itself says, heard on its own bus, independent of the recorder."""

    def __init__(self) -> None:
        self.fills = 0
        self.fees = Decimal(0)
        self.realized = defaultdict(Decimal)
        self.closed = 0
        self.funding = Decimal(0)

    def on_order(self, event) -> None:
        if isinstance(event, OrderFilled):
            self.fills += 1
            self.fees += event.commission.as_decimal()

    def on_position(self, event) -> None:
        if isinstance(event, PositionClosed):
            self.closed += 1
            self.realized[event.strategy_id.value] += event.realized_pnl.as_decimal()

    def on_funding(self, fact) -> None:
        self.funding += Decimal(fact.amount_usdt)


def run_beside_the_engine(config: BotConfig, folder: Path):
    spec = build_node_spec(config, MODES["backtest"], "BT")
    kinds = [BarType.from_str(name) for name in dict.fromkeys(one.bar_type for one in spec.strategies)]
    market = load_market(config.backtest, kinds)
    simulation = build_simulation(
        config,
        spec,
        data_catalog=Path(market.data_catalog),
        start_ns=market.start_ns,
        end_ns=market.end_ns,
        funding=market.funding,
    )
    run = EventStore(folder / "books").new_run("backtest", "{}", durable=False, session="BT")
    host = build_backtest(spec, simulation, run.journal)
    books = EngineBooks()
    host.engine.kernel.msgbus.subscribe("events.order.*", books.on_order)
    host.engine.kernel.msgbus.subscribe("events.position.*", books.on_position)
    host.engine.kernel.msgbus.subscribe(topics.FUNDING + "*", books.on_funding)
    host.run()
    balance = host.final_balance()
    standing = sum(
        (one.realized_pnl.as_decimal() for one in host.engine.cache.positions_open()), start=Decimal(0)
    )
    host.dispose()
    run.end()
    return run.folder, books, balance, standing


def assert_journal_equals_engine(config: BotConfig, folder: Path) -> int:
    path, books, balance, standing = run_beside_the_engine(config, folder)

    # plain sums over the journal
    recorded = load_recorded(path)
    trades = build_trades(recorded.bookings)
    ended = [trade for trade in trades if not trade.is_open]
    assert len(ended) == books.closed
    assert sum(one.fees for one in trades) == books.fees
    assert sum(one.funding for one in trades) == books.funding
    realized = defaultdict(Decimal)
    for trade in ended:
        realized[trade.strategy_id] += trade.gross - trade.fees
    assert {k: round(v, 2) for k, v in realized.items()} == {
        k: round(v, 2) for k, v in books.realized.items()
    }
    start = Decimal(str(config.backtest.capital_usdt))
    assert abs(start + sum(trade.pnl for trade in trades) - balance) < CENT
    assert recorded.balance == balance

    # the same through a real headless engine
    summary = rebuild(path, instruments=map(build_instrument, SYMBOLS)).summary()
    assert summary.fills == books.fills
    assert summary.fees == {"USDT": books.fees}
    assert summary.funding_usdt == books.funding
    assert summary.balances == {"BYBIT-001 USDT": balance}
    everything = sum(books.realized.values(), start=standing)
    assert abs(sum(summary.realized_pnl.values(), start=Decimal(0)) - everything) < CENT
    return books.fills


def test_ac03_the_journal_agrees_with_the_engine_to_the_cent_and_to_the_event(folder):
    config = load_config("configs", environ={})
    assert assert_journal_equals_engine(config, folder) > 500


BAD_FILES = (
    ("backtest.json", {"slipage_ticks": 1}, 4, "backtest.json: $.slipage_ticks: unknown key; did you mean"),
    ("backtest.json", {"capital_usdt": "many"}, 4, "backtest.json: $.capital_usdt: must be a number"),
    ("backtest.json", {"capital_usdt": -1}, 4, "backtest.json: $.capital_usdt: must be > 0, was -1"),
    ("backtest.json", {"slippage_ticks": 5}, 4, "backtest.json: $.slippage_ticks: must be 0 or 1, was 5"),
    ("backtest.json", {"risk_file": "nowhere.json"}, 2, "nowhere.json: a configuration file must exist"),
    ("risk_config.json", {"rules": [{"rule": "throtle"}]}, 4, "risk_config.json: $.rules[0].rule: no rule"),
)


@pytest.mark.parametrize(("name", "change", "code", "text"), BAD_FILES, ids=lambda value: str(value)[:40])
def test_ac04_a_wrong_file_is_one_line_with_file_and_path(folder, capsys, name, change, code, text):
    path = folder / "configs" / name
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert main(["backtest"]) == code
    assert_one_line(capsys, text)
    assert not (folder / "var/events/runs").exists(), "a run was begun"


BAD_WORDS = (
    (["-c", "nowhere"], 2, "nowhere: a configuration file must exist here"),
    (["-s", "BollingerReversion"], 2, "did you mean 'BollingerReversionStrategy'?"),
    (["-p", "ETHUSD"], 2, "did you mean 'ETHUSDT'?"),
    (["-i", "7m"], 4, "no timeframe '7m'"),
    (["--timerange", "20250230-"], 4, "is no day of the calendar"),
    (["--timerange", "20200101-20200201"], 2, "no bars within 20200101-20200201"),
    (["--timerang", "x"], 4, "No such option"),
)


@pytest.mark.parametrize(("words", "code", "text"), BAD_WORDS, ids=lambda value: str(value)[:40])
def test_ac05_a_wrong_word_is_one_line_and_its_exit_code(folder, capsys, words, code, text):
    assert main(["backtest", *words]) == code
    assert_one_line(capsys, text)


def test_ac05_empty_data_and_a_corrupt_file_are_one_line(folder, capsys):
    path = folder / "configs/backtest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"market_data": "history"}))
    assert main(["backtest"]) == 2
    assert_one_line(capsys, "no bars in data_catalog")
    assert main(["make-data", "--days", "3"]) == 0
    capsys.readouterr()
    assert main(["backtest"]) == 4
    assert_one_line(capsys, "'history' needs real candles")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"market_data": "auto"}))
    (bars, *_) = (folder / "data_catalog/data/bar").glob("ETHUSDT*/*.parquet")
    bars.write_bytes(bars.read_bytes()[:2000])
    assert main(["backtest"]) == 4
    assert_one_line(capsys, "must be a readable Parquet file of bars")
    assert not (folder / "var/events/runs").exists(), "a run was begun"


def assert_one_line(capsys: Captured, text: str) -> None:
    shown = capsys.readouterr()
    assert text in shown.err
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err


@pytest.fixture
def history(folder):
    candles = [SHARED / f"candles/bybit_linear_{symbol}_15m.parquet" for symbol in SYMBOLS]
    funding = [SHARED / f"funding_mark/bybit_linear_{symbol}_funding.parquet" for symbol in SYMBOLS]
    if not all(path.exists() for path in (*candles, *funding)):
        pytest.skip(f"no history in {SHARED}")
    import_files(folder / "data_catalog", [str(path) for path in candles[1:] + candles[:1]])
    return folder, funding


def test_ac06_the_cascade_of_october_2025_breaks_nothing(history, capsys):
    folder, funding = history
    without = run_json(capsys, "backtest", "--timerange", "20251008-20251012")
    assert [note for note in without["notes"] if "no funding rates" in note]
    assert float(without["overall"]["funding_usdt"]) == 0.0
    assert main(["import-data", *map(str, funding)]) == 0
    capsys.readouterr()
    result = run_json(capsys, "backtest", "--timerange", "20251008-20251012")
    assert (result["first_bar"], result["last_bar"]) == ("2025-10-08T00:00:00Z", "2025-10-13T00:00:00Z")
    assert result["bars"] == 3 * 5 * 96
    assert float(result["overall"]["funding_usdt"]) != 0.0
    assert 1_000 < float(result["final_balance_usdt"]) < 20_000
    config = load_config("configs", environ={})
    config = msgspec.structs.replace(
        config, backtest=msgspec.structs.replace(config.backtest, timerange="20251008-20251012")
    )
    assert assert_journal_equals_engine(config, folder) > 20


def test_ac07_a_recorded_run_is_counted_again_to_the_same_figures(folder, capsys):
    one = run_json(capsys, "backtest", "--timerange", "-20250108")
    two = run_json(capsys, "backtest", "--timerange", "-20250108", "-p", "ETHUSDT")
    found = run_json(capsys, "compare", one["run_id"])
    assert found["first"]["rows"]["overall"] == one["overall"]
    assert found["second"]["rows"]["rows"] == two["rows"]
    assert found["decided_alike"] is False
    assert run_json(capsys, "compare", two["run_id"], two["run_id"])["decided_alike"] is True
    assert main(["compare", one["run_id"]]) == 0
    assert "different decisions" in capsys.readouterr().out


def set_backtest(folder: Path, **changes: object) -> None:
    path = folder / "configs/backtest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def first_entry(folder: Path, run_id: str):
    bookings = load_recorded(EventStore(folder / "var/events").folder(run_id)).bookings
    return next(one for one in bookings if isinstance(one, Fill) and one.role == "E")


def test_ac08_slippage_costs_a_tick_and_latency_a_bar(folder, capsys):
    words = ("backtest", "-p", "BTCUSDT", "--timerange", "-20250105")
    set_backtest(folder, slippage_ticks=0)
    plain = first_entry(folder, run_json(capsys, *words)["run_id"])
    set_backtest(folder, slippage_ticks=1)
    slipped = first_entry(folder, run_json(capsys, *words)["run_id"])
    side = 1 if plain.quantity > 0 else -1
    assert slipped.client_order_id == plain.client_order_id
    assert slipped.price - plain.price == side * Decimal("0.1")
    set_backtest(folder, slippage_ticks=0, latency_ms=250)
    late = first_entry(folder, run_json(capsys, *words)["run_id"])
    assert late.client_order_id == plain.client_order_id
    assert late.ts - plain.ts == 15 * 60 * 10**9


def test_ac09_a_symbol_without_history_is_named_and_left_out(folder, capsys):
    eth = SHARED / "candles/bybit_linear_ETHUSDT_15m.parquet"
    if not eth.exists():
        pytest.skip(f"no history in {SHARED}")
    import_files(folder / "data_catalog", [str(eth)])
    result = run_json(capsys, "backtest", "--timerange", "20250101-20250103")
    assert {row["symbol"] for row in result["rows"]} == {"ETHUSDT"}
    assert result["notes"] == [
        "BTCUSDT 15m: no bars in data_catalog, left out",
        "SOLUSDT 15m: no bars in data_catalog, left out",
        "ETHUSDT: no funding rates in data_catalog, its positions pay none here",
    ]
