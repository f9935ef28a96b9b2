"""One pybit session: ask, page, and translate whatever goes wrong into our own errors."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, Final

import pybit.exceptions
import requests
from pybit.unified_trading import HTTP

from nautilus_bot.core.errors import AuthFailed, NotFound, RateLimited, VenueError, VenueTimeout

AUTH_CODES: Final = (10003, 10004, 10005, 10007, 33004)
CLOCK_CODES: Final = (10002,)
RATE_CODES: Final = (10006, 10018)
WRONG_SYMBOL_CODES: Final = (10001,)

IP_BANNED: Final = 403
RESET_HEADER: Final = "X-Bapi-Limit-Reset-Timestamp"
REMAINING_HEADER: Final = "X-Bapi-Limit-Status"
MAX_PAGES: Final = 100


class AskedToWait(RateLimited):
    """
    The venue refused a request because there were too many.

    Parameters
    ----------
    text : str
        What is told if waiting does not help.
    wait_secs : float | None
        How long until the venue's window is over, if it said so.
    """

    def __init__(self, text: str, wait_secs: float | None) -> None:
        super().__init__(text)
        self.wait_secs = wait_secs


class Unreachable(VenueError):
    """The venue could not be reached, or a gateway before it answered: worth another attempt."""


class Unreadable(VenueError):
    """The venue answered something else than it documents, e.g. half a list or a page of its gateway."""


def reads[**P, R](question: Callable[P, R]) -> Callable[P, R]:
    """Let a question fail with ``Unreadable`` when its answer cannot be read."""

    @wraps(question)
    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return question(*args, **kwargs)
        except (LookupError, TypeError, ValueError, ArithmeticError) as e:
            raise Unreadable(
                f"the venue must answer {question.__name__} as it documents, its answer cannot be read: {e!r}"
            ) from e

    return ask


class PybitSession:
    """
    Ask one address over pybit, once: whoever wants more attempts uses ``Patience``.

    Parameters
    ----------
    rest_url : str
        Scheme, host and port.
    api_key, api_secret : str
        Empty for public requests only.
    timeout_secs : int, default 10
        Of one request.
    """

    def __init__(
        self, rest_url: str, api_key: str = "", api_secret: str = "", *, timeout_secs: int = 10
    ) -> None:
        self.url = rest_url
        self._api_key = api_key
        self.window_resets_at = 0.0
        self._session = HTTP(
            api_key=api_key or None,
            api_secret=api_secret or None,
            timeout=timeout_secs,
            max_retries=1,
            log_requests=False,
            return_response_headers=True,
        )
        self._session.endpoint = rest_url
        # pybit's own retries log, sleep without a bound and hide the venue's answer: every refusal reaches us
        self._session.retry_codes = set()

    def close(self) -> None:
        """Close the connections."""
        self._session.client.close()

    def _ask(self, method: Callable[..., Any], **params: Any) -> dict[str, Any]:
        """
        Return the ``result`` of one request.

        Raises
        ------
        AuthFailed, NotFound, RateLimited, VenueTimeout, VenueError
            By what the venue answered, or that it did not.
        """
        try:
            answer, _, headers = method(**params)
        except pybit.exceptions.InvalidRequestError as e:
            # not raised from it: its text holds the key, and a traceback would show it
            raise _refusal(
                e.status_code, self._hide_key(e.message), e.resp_headers or {}, self.url, params
            ) from None
        except pybit.exceptions.FailedRequestError as e:
            raise _failure(e.status_code, self._hide_key(e.message), self.url) from None
        except PermissionError as e:
            raise AuthFailed(
                f"{self.url}: this question needs keys, none are set; set BYBIT_API_KEY and BYBIT_API_SECRET"
            ) from e
        except requests.exceptions.Timeout as e:
            raise VenueTimeout(f"{self.url} must answer in time, it did not; is the venue reachable?") from e
        except requests.exceptions.RequestException as e:
            raise Unreachable(f"{self.url} must be reachable, it is not ({type(e).__name__})") from e
        except AttributeError as e:
            # pybit's own word for JSON that is no object
            raise Unreadable(f"{self.url} must answer with an object, it did not") from e
        if headers.get(REMAINING_HEADER) == "0":
            self.window_resets_at = time.monotonic() + (_wait_secs(headers) or 0.0)
        return dict(answer["result"])

    def _hide_key(self, message: str) -> str:
        """Return what the venue said without the key, which it repeats when a signature is wrong."""
        return message.replace(self._api_key, "***") if self._api_key else message

    def _pages(self, method: Callable[..., Any], **params: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of all pages of a list."""
        cursor = ""
        for _ in range(MAX_PAGES):
            result = self._ask(method, **params, **({"cursor": cursor} if cursor else {}))
            yield from result["list"]
            cursor = result.get("nextPageCursor") or ""
            if not cursor:
                return
        raise VenueError(f"{self.url}: a list must end, it did not within {MAX_PAGES} pages")


def _refusal(
    code: int, message: str, headers: Mapping[str, str], url: str, params: Mapping[str, Any]
) -> VenueError | NotFound:
    text = f"{url} refused with code {code}: {message}"
    if code in AUTH_CODES:
        return AuthFailed(f"{text}; check BYBIT_API_KEY and BYBIT_API_SECRET")
    if code in CLOCK_CODES:
        return AuthFailed(f"{text}; this machine's clock and the venue's must agree: synchronise it")
    if code in RATE_CODES:
        return AskedToWait(f"{text}; wait a moment and try again", _wait_secs(headers))
    if code in WRONG_SYMBOL_CODES and "symbol" in params:
        return NotFound(f"{text}; is {params['symbol']!r} a USDT perpetual?")
    return VenueError(text)


def _failure(status: int, message: str, url: str) -> VenueError:
    if status == IP_BANNED:
        return RateLimited(
            f"{url} answered HTTP 403: too many requests from this address, or its country is not served; "
            "wait ten minutes and try again"
        )
    return Unreachable(f"{url} answered HTTP {status}: {message}")


def _wait_secs(headers: Mapping[str, str]) -> float | None:
    """Return how long the venue's window still lasts, if its headers say so."""
    text = headers.get(RESET_HEADER, "")
    return max(0.0, int(text) / 1_000 - time.time()) if text.isdigit() else None
