import pytest

from adapters.bybit_simulator.rate_limits import RateLimiter
from adapters.bybit_simulator.refusals import Refused


def test_the_share_of_a_second_runs_out_and_comes_back():
    limiter = RateLimiter({"/x": 2})
    assert limiter.take("/x", 1_000)["X-Bapi-Limit-Status"] == "1"
    assert limiter.take("/x", 1_500)["X-Bapi-Limit-Status"] == "0"
    with pytest.raises(Refused, match="10006"):
        limiter.take("/x", 1_999)
    assert limiter.take("/x", 2_000)["X-Bapi-Limit-Status"] == "1"


def test_a_refused_request_costs_nothing():
    limiter = RateLimiter({"/x": 3})
    limiter.take("/x", 0, cost=2)
    with pytest.raises(Refused):
        limiter.take("/x", 1, cost=2)
    limiter.take("/x", 2)


def test_a_batch_costs_its_orders():
    assert RateLimiter({"/x": 10}).take("/x", 0, cost=4)["X-Bapi-Limit-Status"] == "6"


def test_each_endpoint_has_its_own_share_and_an_unlisted_one_no_limit():
    limiter = RateLimiter({"/x": 1, "/y": 1})
    limiter.take("/x", 0)
    limiter.take("/y", 0)
    assert [limiter.take("/z", 0) for _ in range(100)] == [{}] * 100


def test_the_scale_multiplies_every_limit():
    assert RateLimiter({"/x": 10}, scale=60).take("/x", 0)["X-Bapi-Limit"] == "600"
