"""
Accounts whose balances are reported to us, never counted by Nautilus.

Nautilus keeps one switch a venue for a whole process: once any backtest of a venue has run, the accounts of
all later nodes of that venue count their own balances from fills, those of a trading node and of a replay
too. A balance then differs from the venue's, and with it every limit that rests on equity. So accounts are
made here, with the switch in its place.
"""

from typing import Final

from nautilus_trader.accounting.accounts.base import Account
from nautilus_trader.accounting.accounts.cash import CashAccount
from nautilus_trader.accounting.accounts.margin import MarginAccount
from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.enums import AccountType
from nautilus_trader.model.events import AccountState
from nautilus_trader.system.kernel import NautilusKernel

ENDPOINT: Final = "Portfolio.update_account"
_TYPES: Final = {AccountType.CASH: CashAccount, AccountType.MARGIN: MarginAccount}


def reported_account(state: AccountState) -> Account:
    """
    Return the account of its first state, whose balances only later states change.

    Parameters
    ----------
    state : AccountState
        Of a cash or margin account.
    """
    return _TYPES[state.account_type](state, calculate_account_state=False)


class ReportedAccounts:
    """
    Make the accounts of a node before its portfolio would.

    Parameters
    ----------
    kernel : NautilusKernel
        Of a trading node or of a replay; its accounts are not made yet.
    """

    def __init__(self, kernel: NautilusKernel) -> None:
        self._bus = kernel.msgbus
        self._cache: Cache = kernel.cache
        self._update = kernel.portfolio.update_account

    def install(self) -> None:
        """Take the portfolio's place on the bus."""
        self._bus.deregister(ENDPOINT, self._update)
        self._bus.register(ENDPOINT, self.on_account_state)

    def on_account_state(self, state: AccountState) -> None:
        """Pass a state on, to an account that exists."""
        if self._cache.account(state.account_id) is None:
            self._cache.add_account(reported_account(state))
        self._update(state)
