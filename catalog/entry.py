"""One entry of the event catalog, the unit of everything that is remembered."""

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """
    One recorded fact, command or input.

    Parameters
    ----------
    run_id : str
        The run that recorded it.
    seq : int
        Position in the run: 1, 2, 3 ... without gaps, the only order that counts.
    ts_init : int
        Time the event itself carries, ns UTC (wall clock of the node; in a backtest its simulated clock).
    ts_market : int
        Market clock when it was recorded, ns UTC.
    ts_publish : int
        Clock of the node when it was recorded, ns UTC.
    topic : str
        Message-bus topic, or ``command`` for a command that the gate saw.
    type : str
        Name of the message type, e.g. ``OrderFilled``; with ``version`` it names the payload's schema.
    version : int
        Schema version of the payload.
    instrument_id, strategy_id, client_order_id, position_id : str
        What it is about; empty when it does not apply.
    correlation_id : str
        The signal that it belongs to, or empty.
    causation_id : str
        The event, command or order that caused it, or empty.
    payload : bytes
        The message as msgpack.
    entry_hash : bytes
        BLAKE2b-256 over the previous hash and the other fields, see ``catalog.chain``.
    """

    run_id: str
    seq: int
    ts_init: int
    ts_market: int
    ts_publish: int
    topic: str
    type: str
    version: int = 1
    instrument_id: str = ""
    strategy_id: str = ""
    client_order_id: str = ""
    position_id: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    payload: bytes = b""
    entry_hash: bytes = b""
