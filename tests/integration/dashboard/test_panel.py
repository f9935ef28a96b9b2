"""An operator's day in the control panel: let in, start, look, pause, stop; every page, also on a phone."""

from collections.abc import Callable
from typing import Any

import pytest

from nautilus_bot.process.identity import is_alive

PAGES = ("Live", "Strategies", "Risk", "Health", "Runs", "Reports")

type Wait = Callable[[str, Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def trading(panel, browser, request):
    """A panel whose START button was pressed: its bot trades, until the end of the module."""
    browser.open(panel.url + "?token=" + "a-token-of-the-test")
    browser.click(".st-key-start button")
    browser.click(".st-key-confirm button")
    browser.wait("#told", "trades")
    return panel


def test_without_the_right_token_nothing_is_shown(panel, browser) -> None:
    for address in (panel.url, panel.url + "?token=wrong", panel.url + "risk?token="):
        browser.open(address)
        browser.wait("form, [data-testid='stForm']", "nautilus-bot")
        assert browser.all(".head, .card, .st-key-start, [data-testid='stSidebarNav']") == []
    browser.complaints()  # Streamlit looks for itself below a page's address first, in vain


def test_an_empty_store_says_what_to_do(panel, browser, token) -> None:
    browser.open(panel.url + "?token=" + token)
    browser.wait(".line", "press START")
    assert browser.complaints() == []


def test_start_really_starts_a_bot(trading, browser) -> None:
    bot = trading.bot
    assert bot.state == "trading"
    assert is_alive(bot.pid, bot.birth)
    assert trading.control.status().run_id == bot.run_id
    assert browser.wait(".badge.state", "trading")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_loads_without_an_error(trading, browser, page) -> None:
    browser.go(page)
    browser.settled()
    assert browser.complaints() == []
    browser.keep(page.lower())


def test_the_figures_are_those_of_the_control_api(trading, browser, wait_for: Wait) -> None:
    browser.go("Live")

    def agree() -> bool:
        shown = browser.text('.card[data-name="equity"] b')
        status = trading.control.status()
        return shown == f"{status.account.equity_usdt:,.2f}" and shown != ""

    wait_for("the equity of the control API", agree)
