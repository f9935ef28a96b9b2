"""A guard of the session holds entries back until it is satisfied, whatever an operator does meanwhile."""

from nautilus_bot.core.messages import EntriesAllowed, EntriesSuspended, TradingResumed
from nautilus_bot.risk.rules.trading_state import TradingState, TradingStateConfig

RULE = TradingState(TradingStateConfig())
LINK = "the private connection"


def test_entries_wait_for_a_guard_and_the_refusal_names_it(context, make_request):
    context.breakers.apply(EntriesSuspended(ts_event=1, author=LINK, reason="half-open"))
    assert RULE.check(make_request(), context).reason == f"entries wait for {LINK}: half-open"
    context.breakers.apply(EntriesAllowed(ts_event=2, author=LINK, reason="checked"))
    assert RULE.check(make_request(), context).approved


def test_an_operator_cannot_resume_past_a_guard(context, make_request):
    context.breakers.apply(EntriesSuspended(ts_event=1, author=LINK, reason="half-open"))
    context.breakers.apply(TradingResumed(ts_event=2, author="operator", reason="go on"))
    assert not RULE.check(make_request(), context).approved


def test_every_guard_has_to_be_satisfied(context, make_request):
    for author in (LINK, "the trade connection"):
        context.breakers.apply(EntriesSuspended(ts_event=1, author=author, reason="lost"))
    context.breakers.apply(EntriesAllowed(ts_event=2, author=LINK, reason="checked"))
    assert not RULE.check(make_request(), context).approved


def test_no_guard_survives_a_restart(context):
    context.breakers.apply(EntriesSuspended(ts_event=1, author=LINK, reason="half-open"))
    assert "half-open" not in str(context.state())
