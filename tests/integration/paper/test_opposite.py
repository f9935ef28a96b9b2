"""Two strategies, one symbol, opposite sides: the one-way venue holds the net, each keeps what is its own."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

QA, CONTRARY = "QAInjectStrategy-QA_ETHUSDT_60m", "ContraryStrategy-QC_ETHUSDT_60m"

type Rehearse = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("script", ["opposite"])
def test_the_venue_holds_the_net_of_the_ledgers_and_a_stop_of_each(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert "error" not in outcome, outcome["error"]
    both = outcome["seen"]["both"]
    ledgers = {name: Decimal(quantity) for name, quantity in both["ledgers"].items()}
    assert ledgers[QA] > 0 > ledgers[CONTRARY]
    assert Decimal(both["venue"]) == sum(ledgers.values()) != 0
    stops = {
        link.split("-")[1]: (side, Decimal(quantity)) for link, (side, quantity) in both["stops"].items()
    }
    assert stops == {"QA": ("Sell", ledgers[QA]), "QC": ("Buy", -ledgers[CONTRARY])}


@pytest.mark.parametrize("script", ["opposite"])
def test_one_exit_leaves_the_others_protection_untouched(script: str, rehearse: Rehearse) -> None:
    seen = rehearse(script)["seen"]
    before, after = seen["both"], seen["one left"]
    assert after["ledgers"] == {CONTRARY: before["ledgers"][CONTRARY]}
    assert Decimal(after["venue"]) == Decimal(after["ledgers"][CONTRARY])
    kept = {link: stop for link, stop in before["stops"].items() if "-QC-" in link}
    assert after["stops"] == kept


@pytest.mark.parametrize("script", ["opposite", "funding"])
def test_journal_and_exchange_agree_in_the_end(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert outcome["differences"] == []
    assert outcome["journal_ok"]
    assert outcome["journal"] == outcome["venue"]
    assert outcome["uncovered_secs"] <= 1.0


@pytest.mark.parametrize("script", ["funding"])
def test_funding_is_borne_by_ledger_and_sums_up_to_the_accounts(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert "error" not in outcome, outcome["error"]
    told = outcome["seen"]["funding"]
    parts = {name: Decimal(amount) for name, amount in told["parts"].items()}
    assert sum(parts.values()) == Decimal(told["account"])
    # at a positive rate the long one pays and the short one receives
    assert parts[QA] < 0 < parts[CONTRARY]
    assert Decimal(told["rate"]) == Decimal("0.0001")


@pytest.mark.parametrize("script", ["funding_at_speed"])
def test_a_funding_time_of_the_market_is_paid_by_strategy(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert "error" not in outcome, outcome["error"]
    seen = outcome["seen"]
    told = {name.partition("-")[0]: Decimal(amount) for _, name, amount in seen["told"]}
    assert told == {symbol: Decimal(amount) for symbol, amount in seen["account"].items()}
    assert all(amount < 0 for amount in told.values())
    assert seen["listed"] == ["Funding", "Funding"]


@pytest.mark.parametrize("script", ["funding_at_speed", "funding_while_silent"])
def test_a_settlement_moves_the_balance_and_no_ledger(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert "error" not in outcome, outcome["error"]
    assert outcome["differences"] == []
    assert outcome["journal_ok"]
    assert outcome["journal"] == outcome["venue"]


@pytest.mark.parametrize("script", ["funding_while_silent"])
def test_a_settlement_that_the_stream_lost_is_fetched(script: str, rehearse: Rehearse) -> None:
    seen = rehearse(script)["seen"]
    assert [Decimal(amount) for amount in seen["told"]] == [Decimal(seen["account"])]
