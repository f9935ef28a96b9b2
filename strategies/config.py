"""Configuration of one signal strategy on one instrument and timeframe."""

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import BarType


class SignalStrategyConfig(StrategyConfig, frozen=True, kw_only=True):
    """
    What a ``SignalStrategy`` needs; the node composes it from the configuration files.

    Parameters
    ----------
    bar_type : BarType
        Instrument and timeframe that is decided on, external bars.
    parameters : tuple[float, ...]
        Kernel parameters in the order of ``Kernel.parameters``.
    session : str
        Token that makes the session's ids unique for the life of the account.
    first_count : int, default 0
        Signals this session has already used up; more than zero after a recovery.
    risk_pct_per_trade : str, default "0.5"
        Part of the wallet balance that the stop may lose, percent, decimal string.
    leverage_cap : str, default "3"
        Largest entry notional as a multiple of the wallet balance, decimal string.
    max_notional_usdt : str, default "Infinity"
        Largest entry notional in USDT, decimal string.
    capital_cap_usdt : str, default "Infinity"
        Wallet balance that sizing counts at most, USDT, decimal string.
    exits_linked_by_venue : bool, default False
        Whether the venue cancels a filled exit's sibling itself (the backtest exchange does).
    disaster_stop_pct : float, default 0.0
        Distance of the venue's own position stop that travels with the entry, percent; 0 sends none.
    peek_secs : float, default 0.0
        Evaluate the forming bar this often, seconds of market time; 0 evaluates at bar close only.
    warmup_bars : int, default 0
        Bars of history to request before trading.
    """

    bar_type: BarType
    parameters: tuple[float, ...]
    session: str
    first_count: int = 0
    risk_pct_per_trade: str = "0.5"
    leverage_cap: str = "3"
    max_notional_usdt: str = "Infinity"
    capital_cap_usdt: str = "Infinity"
    exits_linked_by_venue: bool = False
    disaster_stop_pct: float = 0.0
    peek_secs: float = 0.0
    warmup_bars: int = 0
