"""A reported balance stays the venue's, whatever else this process has run."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from nautilus_trader.accounting.factory import AccountFactory
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.enums import AccountType
from nautilus_trader.model.events import AccountState
from nautilus_trader.model.identifiers import AccountId
from nautilus_trader.model.objects import AccountBalance, Money

from catalog.accounts import ENDPOINT, ReportedAccounts

ISSUER = "REPORTEDHERE"
ACCOUNT = AccountId(f"{ISSUER}-001")


def state(total: int) -> AccountState:
    money = Money(total, USDT)
    balance = AccountBalance(money, Money(0, USDT), money)
    return AccountState(ACCOUNT, AccountType.MARGIN, USDT, True, [balance], [], {}, UUID4(), 1, 1)


@pytest.fixture
def engine() -> Iterator[BacktestEngine]:
    built = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    yield built
    built.dispose()


def test_an_account_is_reported_although_a_backtest_of_its_venue_ran_before(engine: BacktestEngine) -> None:
    AccountFactory.register_calculated_account(ISSUER)  # what every backtest does, for the whole process
    ReportedAccounts(engine.kernel).install()

    for total in (100, 90):
        engine.kernel.msgbus.send(ENDPOINT, state(total))

    account = engine.kernel.cache.account(ACCOUNT)
    assert AccountFactory.create(state(1)).calculate_account_state
    assert not account.calculate_account_state
    assert account.balance_total(USDT).as_decimal() == Decimal(90)


def test_every_state_is_published_once(engine: BacktestEngine) -> None:
    ReportedAccounts(engine.kernel).install()
    heard: list[AccountState] = []
    engine.kernel.msgbus.subscribe("events.account.*", heard.append)

    sent = [state(100), state(90)]
    for one in sent:
        engine.kernel.msgbus.send(ENDPOINT, one)

    assert heard == sent
