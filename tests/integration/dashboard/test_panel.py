"""An operator's day in the control panel: let in, start, look, act, stop; every page, also on a phone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nautilus_bot.process.identity import is_alive

PAGES = ("Live", "Strategies", "Risk", "Health", "Runs", "Reports")
PHONE = (390, 844)
DESKTOP = (1440, 1000)

type Wait = Callable[[str, Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def trading(panel, browser, token) -> Iterator[Any]:
    """A panel whose START button was pressed: its bot trades from then on."""
    browser.open(f"{panel.url}?token={token}")
    browser.click(".st-key-start button")
    browser.confirm("trades")
    return panel


def test_without_the_right_token_nothing_is_shown(panel, browser) -> None:
    for address in (panel.url, panel.url + "?token=wrong", panel.url + "risk?token="):
        browser.open(address)
        browser.wait(".entrance", "nautilus-bot")
        assert browser.all(".head, .card, .box, .st-key-start, [data-testid='stSidebarNav']") == []
    browser.type('[data-testid="stTextInput"] input', "wrong")
    browser.click('[data-testid="stFormSubmitButton"] button')
    browser.wait(".notice.bad", "not the token")
    assert browser.all(".head, .card, .box") == []
    browser.complaints()  # Streamlit first looks for itself below a page's address, in vain


def test_an_empty_store_says_what_to_do(panel, browser, token) -> None:
    browser.open(f"{panel.url}?token={token}")
    browser.wait(".notice", "press START")
    assert browser.complaints() == []


def test_a_reload_stays_in_and_the_address_keeps_no_token(panel, browser, token) -> None:
    browser.open(f"{panel.url}?token={token}")
    browser.wait(".head h1", "Live")
    assert token not in browser.driver.current_url
    browser.driver.refresh()
    browser.wait(".head h1", "Live")
    assert token not in browser.driver.current_url
    assert browser.complaints() == []


def test_start_really_starts_a_bot(trading, browser) -> None:
    bot = trading.bot
    assert bot.state == "trading"
    assert is_alive(bot.pid, bot.birth)
    assert trading.control.status().run_id == bot.run_id
    assert browser.wait(".badge.state", "trading")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_loads_without_an_error_and_fits_a_phone(trading, browser, page) -> None:
    browser.go(page)
    browser.wait(".box, .notice")
    assert browser.complaints() == []
    browser.keep(f"{page.lower()}")
    assert browser.foreign(trading.url) == []
    browser.resize(*PHONE)
    browser.wait(".box, .notice")
    assert browser.overhang <= 0
    browser.keep(f"{page.lower()}-phone")
    browser.resize(*DESKTOP)


def test_pausing_a_strategy_is_recorded_with_its_author(trading, browser, wait_for: Wait) -> None:
    browser.go("Strategies")
    browser.click(".st-key-switch-RSIEMAMomentumStrategy button")
    browser.confirm("RSIEMAMomentumStrategy is paused")
    asked = "SELECT payload FROM entries WHERE type = 'OperatorCommand'"
    (row,) = wait_for("the command in the catalog", lambda: trading.catalog.sql(asked).rows)
    assert '"command":"pause"' in row[0]
    assert '"author":"panel"' in row[0]
    assert list(trading.control.status().breakers.paused) == ["RSIEMAMomentumStrategy"]
    browser.wait(".badge.warn", "paused")


def test_the_figures_are_those_of_the_control_api(trading, browser, wait_for: Wait) -> None:
    wait_for("an executed signal", lambda: trading.control.status().signals_executed)
    browser.go("Live")
    browser.click(".st-key-halt button")
    browser.confirm("halted")
    browser.wait(".badge.bad", "halted")
    wait_for("no entry on its way", lambda: not [one for one in trading.control.orders() if one.role == "E"])
    if trading.control.positions():
        browser.click(".st-key-close-all button")
        browser.confirm("closing")
    wait_for("a flat bot", lambda: not trading.control.positions())
    # nothing is traded any more: now every figure must be the same to the cent, as soon as the last is in
    status = trading.control.status

    def decided() -> str:
        now = status()
        return f"{now.signals_executed} executed, {sum(now.signals_refused.values())} refused"

    for selector, figure in {
        '.card[data-name="equity"] b': lambda: f"{status().account.equity_usdt:,.2f}",
        '.card[data-name="equity"] small': lambda: f"{status().account.balance_usdt:,.2f}",
        '.card[data-name="drawdown"] b': lambda: f"{status().account.drawdown_pct:.2f} %",
        '.card[data-name="signals"] small': decided,
        '.card[data-name="win-rate"] small': lambda: f"of {status().trades} closed",
    }.items():
        browser.wait_same(selector, figure)
    assert browser.complaints() == []


def test_stop_really_stops_it_and_its_last_run_is_shown(trading, browser, wait_for: Wait) -> None:
    bot = trading.bot
    browser.go("Live")
    browser.click(".st-key-stop button")
    browser.confirm("is gone")
    assert not is_alive(bot.pid, bot.birth)
    assert trading.bot.state == "ended"
    assert trading.bot.reason == "told to stop by panel: stopped on the panel"
    browser.wait(".badge.state", "ended")
    browser.wait(".notice", bot.run_id)
    closed = "SELECT count(*), coalesce(sum(realized_pnl), 0) FROM positions WHERE closed IS NOT NULL"
    ((trades, pnl),) = trading.catalog.sql(closed).rows
    equity = trading.catalog.equity(limit=1).dicts()[0]["equity_usdt"]
    browser.wait('.card[data-name="trades"] b', str(trades))
    browser.wait('.card[data-name="closed-pnl"] b', f"{pnl:+,.2f}")
    browser.wait('.card[data-name="equity"] b', f"{equity:,.2f}")
    assert browser.complaints() == []


def test_why_tells_the_story_of_an_order(trading, browser) -> None:
    (found,) = trading.catalog.sql("SELECT client_order_id FROM fills ORDER BY seq LIMIT 1").rows
    browser.go("Runs")
    browser.click('[data-testid="stTab"]:nth-of-type(2), [role="tab"]:nth-of-type(2)')
    browser.type(".st-key-why-id input", found[0])
    browser.click('[data-testid="stFormSubmitButton"] button')
    story = browser.wait(".story", found[0]).text
    assert "Risk approved it" in story
    assert "filled" in story
    browser.keep("why")
    assert browser.complaints() == []


def test_why_not_explains_a_silence(trading, browser) -> None:
    ((at,),) = trading.catalog.sql("SELECT max(ts_market) FROM entries").rows
    browser.go("Live")
    browser.go("Runs")
    browser.click('[role="tab"]:nth-of-type(3)')
    browser.type(".st-key-why-not-at input", str(at))
    browser.click('[role="tabpanel"]:last-of-type [data-testid="stFormSubmitButton"] button')
    browser.wait('[data-name="why-not"]', ":")
    assert browser.complaints() == []


def test_a_report_is_shown_inside_but_in_an_origin_of_its_own(trading, browser, wait_for: Wait) -> None:
    (trading.folder / "reports").mkdir(exist_ok=True)
    page = "<h1>A backtest</h1><script>document.title = origin</script>"
    (trading.folder / "reports" / "backtest-1.html").write_text(page)
    browser.go("Live")
    browser.go("Reports")
    browser.wait('[data-name="reports"]', "backtest-1.html")
    frame = browser.wait("iframe")
    assert (frame.get_attribute("src") or "").startswith("data:text/html")
    browser.driver.switch_to.frame(frame)
    browser.wait("h1", "A backtest")
    wait_for("its script", lambda: browser.driver.execute_script("return document.title") == "null")
    browser.driver.switch_to.default_content()


def test_a_damaged_run_is_one_line(trading, browser) -> None:
    broken = trading.folder / "events" / "runs" / "paper-29990101-000000-dead"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    (broken / "journal.sqlite").write_bytes(b"no journal" * 1_000)
    browser.go("Live")
    browser.go("Runs")
    browser.wait(".notice.warn", broken.name)
    assert browser.complaints() == []


def test_neither_a_log_nor_the_output_holds_the_token(trading, token) -> None:
    printed = trading.output.read_text()
    assert printed.count(token) == 1, "the address is printed, and nothing else"
    logs = [path for path in (trading.folder / "log").rglob("*") if path.is_file()]
    assert logs
    assert [path for path in logs if token in path.read_text(errors="replace")] == []
