"""The queue of notifications is made by whoever comes first: Telegram, the watchdog, or both at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from monitoring.telegram.outbox import Outbox
from nautilus_bot.core.errors import Undelivered

QUEUES, AT_ONCE = 100, 4


def test_several_may_make_the_same_queue_at_once(tmp_path: Path) -> None:
    together = Barrier(AT_ONCE)

    def make(path: Path) -> str:
        together.wait()
        try:
            Outbox(path).close()
        except Undelivered as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(AT_ONCE) as makers:
        for number in range(QUEUES):
            path = tmp_path / f"{number}.sqlite"
            assert list(makers.map(make, [path] * AT_ONCE)) == [""] * AT_ONCE
