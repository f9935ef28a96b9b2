"""A paper session of two market hours: replayed from its record, explained, and set against its backtest."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest
from nautilus_trader.accounting.factory import AccountFactory

from catalog.lineage import trace
from catalog.reader import EntryFilter, entries
from nautilus_bot.core import ids
from nautilus_bot.replay.decision_replay import replay_decisions
from nautilus_bot.replay.original import load_original
from nautilus_bot.replay.parity import compare_with_backtest
from nautilus_bot.replay.parity_page import render_page
from nautilus_bot.replay.record import load_recorded_run
from nautilus_bot.replay.run_replay import replay_run
from nautilus_bot.replay.why_not import explain
from tests.integration.replay.conftest import RecordedRun


def test_every_signal_verdict_and_order_comes_out_identical(session: RecordedRun) -> None:
    result = replay_run(session.store, session.run_id)
    if result.code_changed:
        pytest.skip("the program's files were edited while the tests ran: another program made the record")

    assert result.how == "record"
    assert result.decisions.is_identical, (result.decisions.expected, result.decisions.got)
    recorded = {kind.kind: kind.recorded for kind in result.kinds}
    assert recorded["Signal"] >= 5
    assert recorded["SubmitOrder"] >= 5
    assert session.store.latest().last_seq >= 3_000


def test_it_also_does_in_a_process_that_has_run_backtests(session: RecordedRun) -> None:
    """Nautilus then counts the balances of every account of that venue itself, process-wide."""
    AccountFactory.register_calculated_account("BYBIT")

    record = load_recorded_run(session.folder)
    spec = load_original(session.folder).spec()
    first, _ = replay_decisions(record, spec, record.instruments)
    again, _ = replay_decisions(record, spec, record.instruments)

    assert first.identical == again.identical == first.recorded
    assert first.recorded == first.replayed == again.replayed


def test_the_command_says_that_nothing_differs(session: RecordedRun) -> None:
    words = ("replay", session.run_id, "--root", str(session.store.root), "--json")
    done = subprocess.run(
        [sys.executable, "-m", "nautilus_bot.cli.main", *words],
        cwd=session.folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    decisions = json.loads(done.stdout)["decisions"]
    assert decisions["recorded"] == decisions["replayed"] == decisions["identical"]


def test_parity_parts_sum_to_the_gap_to_the_cent(session: RecordedRun) -> None:
    report = compare_with_backtest(session.store, session.run_id)

    assert sum(part.cents for part in report.parts) == report.gap_cents
    assert abs(sum((part.usdt for part in report.parts), Decimal(0)) - report.gap) < Decimal("1e-9")
    assert report.gap == report.session_pnl - report.backtest_pnl
    assert report.matched + report.only_session >= 1
    assert session.run_id in render_page(report)


def test_an_order_leads_to_its_bar_its_rules_and_its_result(session: RecordedRun) -> None:
    fill = next(
        entry
        for entry in entries(session.folder, where=EntryFilter(types=("OrderFilled",)))
        if ids.role_of(entry.client_order_id) == ids.ENTRY
    )
    story = trace(session.folder, fill.client_order_id)

    assert story.kind == "order"
    assert story.signal is not None
    assert story.bar is not None
    assert story.bar.ts == story.signal.ts_event
    assert float(story.signal.price) == story.bar.close
    entry = story.orders[0]
    assert entry.verdict is not None
    assert entry.verdict.approved
    assert len(entry.verdict.checks) >= 10
    assert entry.fills[0].slippage_usdt is not None
    assert story.position is not None
    assert {order.role for order in story.orders} >= {"E", "S", "T"}


def test_a_refusal_is_named_with_its_rule(session: RecordedRun) -> None:
    refused = next(
        entry
        for entry in entries(session.folder, where=EntryFilter(types=("OrderDenied",)))
        if ids.role_of(entry.client_order_id) == ids.ENTRY
    )
    signal = trace(session.folder, refused.client_order_id).signal
    assert signal is not None

    found = explain(session.folder, signal.strategy, signal.instrument_id.partition("-")[0], signal.ts_event)

    assert found.answer == "refused"
    assert found.verdict is not None
    assert found.verdict.rule in found.sentence


def test_the_kernel_run_again_on_the_recorded_bars_gives_the_recorded_margins(session: RecordedRun) -> None:
    first = next(entries(session.folder, where=EntryFilter(types=("Signal",))))
    signal = trace(session.folder, first.correlation_id).signal
    assert signal is not None

    found = explain(session.folder, signal.strategy, signal.instrument_id.partition("-")[0], signal.ts_event)

    side = next(one for one in found.sides if one.side == signal.side)
    assert side.margins == signal.conditions
    assert found.indicators == signal.indicators
