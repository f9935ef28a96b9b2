"""A paper session of two market hours: replayed from its record, explained, and set against its backtest."""

import json
import subprocess
import sys
from decimal import Decimal

from catalog.lineage import trace
from catalog.reader import EntryFilter, entries
from nautilus_bot.core import ids
from nautilus_bot.replay.parity import compare_with_backtest
from nautilus_bot.replay.parity_page import render_page
from nautilus_bot.replay.why_not import explain
from tests.integration.replay.conftest import RecordedRun


def test_every_signal_verdict_and_order_comes_out_identical(session: RecordedRun) -> None:
    """As an operator replays it: in a process of its own, from the record alone."""
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
    result = json.loads(done.stdout)
    assert result["how"] == "record"
    decisions = result["decisions"]
    assert decisions["recorded"] == decisions["replayed"] == decisions["identical"]
    recorded = {kind["kind"]: kind["recorded"] for kind in result["kinds"]}
    assert recorded["Signal"] >= 5
    assert recorded["SubmitOrder"] >= 5
    assert session.store.latest().last_seq >= 3_000


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
