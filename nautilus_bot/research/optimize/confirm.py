"""Confirm finalists on the real node, with the real risk rules and the account shared by all."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from nautilus_bot.research.backtest.run import run_backtest
from nautilus_bot.research.optimize.score import Figures
from nautilus_bot.research.optimize.session import Session
from nautilus_bot.research.optimize.trials import Trial


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """
    A finalist on the node beside the fast simulation, both over the whole time range.

    Parameters
    ----------
    number : int
        Of the trial.
    run_id : str
        The backtest in the event catalog.
    node_return, fast_return : float
        Percent of the capital. The node's is realised only; the difference is in equity.
    node_equity_usdt, fast_equity_usdt : float
        At the last mark and at the last bar.
    node_trades, fast_trades : int
        Round trips, one still open included.
    node_max_drawdown, fast_max_drawdown : float
        Percent; the node marks equity once an hour, the simulation at each bar.
    equity_difference_pct : float
        Node less fast simulation, percent of the capital.
    """

    number: int
    run_id: str
    node_return: float
    fast_return: float
    node_equity_usdt: float
    fast_equity_usdt: float
    node_trades: int
    fast_trades: int
    node_max_drawdown: float
    fast_max_drawdown: float
    equity_difference_pct: float


def confirm(
    session: Session, finalists: Sequence[Trial], on_next: Callable[[Trial], None] | None = None
) -> tuple[Confirmation, ...]:
    """
    Backtest each finalist on the node over the whole time range.

    Parameters
    ----------
    session : Session
        Market and strategies.
    finalists : Sequence[Trial]
        Whose parameters.
    on_next : Callable[[Trial], None], optional
        Called before each.

    Raises
    ------
    JournalHalted
        If a backtest could not be recorded.
    """
    found = []
    for trial in finalists:
        if on_next is not None:
            on_next(trial)
        found.append(_confirm(session, trial.number, trial.parameters))
    return tuple(found)


def _confirm(session: Session, number: int, parameters: Mapping[str, float]) -> Confirmation:
    node = run_backtest(session.with_parameters(parameters)).result
    fast: Figures = session.whole.evaluate(parameters).figures
    capital = float(session.whole.capital_usdt)
    fast_equity = capital * (1.0 + fast.total_return / 100.0)
    return Confirmation(
        number=number,
        run_id=node.run_id,
        node_return=node.overall.return_pct,
        fast_return=fast.total_return,
        node_equity_usdt=node.final_equity_usdt,
        fast_equity_usdt=fast_equity,
        node_trades=node.overall.trades + node.overall.open_trades,
        fast_trades=fast.trades,
        node_max_drawdown=node.overall.max_drawdown_pct,
        fast_max_drawdown=fast.max_drawdown,
        equity_difference_pct=100.0 * (node.final_equity_usdt - fast_equity) / capital,
    )
