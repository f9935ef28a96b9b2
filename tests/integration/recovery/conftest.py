"""An exchange that lives on while bots die, and a way to run one bot against it."""

from collections.abc import Iterator

import pytest

from tests.chaos.harness import Exchange, Matrix, exchange_process


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    """Run a simulated Bybit in a process of its own."""
    with exchange_process() as running:
        yield running


@pytest.fixture(scope="module")
def matrix(exchange, tmp_path_factory) -> Iterator[Matrix]:
    """Play sessions one after the other on one account and one event store."""
    played = Matrix(exchange, tmp_path_factory.mktemp("recovery"))
    yield played
    played.close()
