"""What is open, and what the balance already has, where a venue holds the net of all strategies."""

from decimal import Decimal

import msgspec
import pytest

from nautilus_bot.core.clocks import NS_PER_SEC, MarketClock
from nautilus_bot.core.session_state import LedgerCorrected
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.recovery import apply_correction

BTC = "BTCUSDT-LINEAR.BYBIT"


class Account:
    """A context and the wallet of a venue that nets: it realises whatever reduces the net position."""

    def __init__(self, *, venue_nets=True):
        self.context = RiskContext(MarketClock(), venue_nets=venue_nets)
        self.balance = 10_000.0
        self.now = 0
        self.context.on_balance(self.balance)

    def mark(self, price):
        self.now += 10 * NS_PER_SEC
        self.context.on_mark(BTC, float(price), self.now)

    def fill(self, strategy, quantity, price, realised=0.0):
        self.mark(price)
        self.context.on_fill(strategy, BTC, Decimal(quantity), Decimal(price), Decimal(0))
        self.balance += realised
        if realised:
            self.context.on_balance(self.balance)
        self.mark(price)


def test_a_profit_that_the_venue_realised_on_the_net_is_counted_once():
    account = Account()
    account.fill("A-1", "1", "100")
    account.fill("B-1", "-1", "110", realised=10.0)
    assert account.context.equity_usdt == 10_010.0
    account.mark("150")
    assert account.context.equity_usdt == 10_010.0
    assert account.context.unrealized_usdt() == 0.0
    account.fill("A-1", "-1", "150")
    account.fill("B-1", "1", "90", realised=60.0)
    assert account.context.equity_usdt == 10_070.0


def test_a_part_that_is_still_open_counts_at_the_venues_average():
    account = Account()
    account.fill("A-1", "2", "100")
    account.fill("B-1", "-1", "110", realised=10.0)
    account.mark("120")
    assert account.context.unrealized_usdt() == pytest.approx(20.0)
    assert account.context.equity_usdt == pytest.approx(10_030.0)


def test_an_exchange_that_keeps_strategies_apart_has_both_open():
    account = Account(venue_nets=False)
    account.fill("A-1", "1", "100")
    account.fill("B-1", "-1", "110")
    account.mark("110")
    assert account.context.equity_usdt == 10_010.0
    account.mark("150")
    assert account.context.equity_usdt == 10_010.0


def test_a_snapshot_keeps_what_the_venue_holds():
    account = Account()
    account.fill("A-1", "2", "100")
    account.fill("B-1", "-1", "110", realised=10.0)
    again = RiskContext(MarketClock(), venue_nets=True)
    again.restore(account.context.state())
    for context in (account.context, again):
        context.on_mark(BTC, 130.0, account.now + 10 * NS_PER_SEC)
    assert again.equity_usdt == account.context.equity_usdt == pytest.approx(10_040.0)


def test_an_older_snapshot_without_it_is_read_as_the_sum_of_the_ledgers():
    account = Account()
    account.fill("A-1", "2", "100")
    again = RiskContext(MarketClock(), venue_nets=True)
    again.restore(msgspec.structs.replace(account.context.state(), at_venue=()))
    again.on_mark(BTC, 130.0, account.now + 10 * NS_PER_SEC)
    assert again.unrealized_usdt() == pytest.approx(60.0)


def correction(strategy, quantity, price, *, traded):
    return LedgerCorrected(
        ts_event=1,
        strategy_id=strategy,
        instrument_id=BTC,
        quantity=quantity,
        price=price,
        traded=traded,
        reason="test",
        author="operator",
    )


def test_a_move_between_ledgers_leaves_the_venues_average_alone():
    account = Account()
    account.fill("A-1", "1", "100")
    apply_correction(account.context, correction("EXTERNAL", "1", "140", traded=True))
    account.mark("140")
    assert account.context.equity_usdt == pytest.approx(10_040.0)
    apply_correction(account.context, correction("EXTERNAL", "-1", "140", traded=False))
    apply_correction(account.context, correction("B-1", "1", "140", traded=False))
    account.mark("150")
    assert account.context.equity_usdt == pytest.approx(10_060.0)
