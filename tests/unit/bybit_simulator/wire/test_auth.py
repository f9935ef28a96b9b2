import pytest

from adapters.bybit_simulator.auth import Authenticator, sign
from adapters.bybit_simulator.refusals import Refused

NOW = 1_700_000_000_000


def headers(timestamp=NOW, key="KEY", secret="SECRET", payload="a=1", window=5_000):
    return {
        "X-BAPI-API-KEY": key,
        "X-BAPI-TIMESTAMP": str(timestamp),
        "X-BAPI-RECV-WINDOW": str(window),
        "X-BAPI-SIGN": sign(secret, f"{timestamp}{key}{window}{payload}"),
    }


@pytest.mark.parametrize("timestamp", [NOW - 5_000, NOW, NOW + 999])
def test_a_timestamp_at_the_edge_of_the_window_is_accepted(timestamp):
    Authenticator("KEY", "SECRET").check_request(headers(timestamp), "a=1", NOW)


@pytest.mark.parametrize(
    ("given", "payload", "code"),
    [
        (headers(NOW - 5_001), "a=1", 10002),
        (headers(NOW + 1_000), "a=1", 10002),
        (headers("yesterday"), "a=1", 10002),
        (headers(window="long"), "a=1", 10002),
        (headers(key="OTHER"), "a=1", 10003),
        (headers(secret="OTHER"), "a=1", 10004),
        (headers(), "a=2", 10004),
        ({}, "", 10003),
    ],
)
def test_a_request_that_does_not_prove_its_origin_is_refused(given, payload, code):
    with pytest.raises(Refused) as refused:
        Authenticator("KEY", "SECRET").check_request(given, payload, NOW)
    assert refused.value.code == code


def test_the_documented_signature_of_a_socket_is_accepted():
    expires = NOW + 1
    Authenticator("KEY", "SECRET").check_login(
        ["KEY", expires, sign("SECRET", f"GET/realtime{expires}")], NOW
    )


@pytest.mark.parametrize("args", [None, [], ["KEY", NOW + 1], ["KEY", NOW, "x"], ["KEY", NOW + 1, "x"]])
def test_a_malformed_expired_or_wrong_login_is_refused(args):
    with pytest.raises(Refused):
        Authenticator("KEY", "SECRET").check_login(args, NOW)
