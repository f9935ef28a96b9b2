"""Subscribe to quotes for the node itself, so that risk values positions between two bars."""

from nautilus_trader.common.actor import Actor
from nautilus_trader.config import ActorConfig
from nautilus_trader.model.identifiers import InstrumentId


class QuoteFeedConfig(ActorConfig, frozen=True):
    """
    Configuration of ``QuoteFeed``.

    Parameters
    ----------
    instrument_ids : tuple[InstrumentId, ...]
        What to subscribe to.
    """

    instrument_ids: tuple[InstrumentId, ...]


class QuoteFeed(Actor):
    """Keep quotes flowing; ``MarketWatch`` turns them into recorded marks."""

    def on_start(self) -> None:
        """Subscribe to quotes of every instrument."""
        for instrument_id in self.config.instrument_ids:
            self.subscribe_quote_ticks(instrument_id)

    def on_stop(self) -> None:
        """Leave the subscriptions to the client, which goes next."""
