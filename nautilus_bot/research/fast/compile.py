"""
Compile a plain Python function, and every plain function it calls, with numba.

Kernels and their indicators are written as ordinary functions and import nothing of numba: the live node runs
without it. Here a copy of the function is made whose globals hold the compiled versions of the functions it
names; the originals stay as they are. No ``fastmath``: the compiled code rounds like CPython.

The copy carries a digest of all source it was made from in its name, so numba's on-disk cache (one file set a
name) can never return code of an older version of an indicator.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

import numba

from nautilus_bot.core.errors import ConfigError


def compile_function(
    function: Callable[..., Any], replacements: Mapping[str, Callable[..., Any]] | None = None
) -> Any:
    """
    Return the numba version of a plain function; it is compiled at its first call or read from the cache.

    Parameters
    ----------
    function : Callable
        A Python function that uses arguments, numbers and other such functions only.
    replacements : Mapping[str, Callable], optional
        Functions to put in the place of globals of these names, in ``function`` alone: how a driver is bound
        to the kernel that it drives.

    Returns
    -------
    Any
        A numba dispatcher with the signature of ``function``.

    Raises
    ------
    ConfigError
        If ``function`` is not a plain Python function.
    """
    if not isinstance(function, FunctionType):
        raise ConfigError(
            f"a function to compile must be a plain Python function, found {type(function).__name__} "
            f"({function!r}): pass the function itself, not a method or a compiled one"
        )
    return _compile(function, dict(replacements or {}), {})


def source_digest(function: Callable[..., Any], replacements: Mapping[str, Callable[..., Any]]) -> str:
    """
    Return a digest of all source and constants that a compiled function is made from.

    Parameters
    ----------
    function : Callable
        The function that would be compiled.
    replacements : Mapping[str, Callable]
        As in ``compile_function``.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for part in _sources(function, replacements, set()):
        digest.update(part.encode())
    return digest.hexdigest()[:16]


def _compile(
    function: FunctionType, replacements: dict[str, Callable[..., Any]], done: dict[FunctionType, Any]
) -> Any:
    if function in done:
        return done[function]
    scope = dict(function.__globals__)
    for name, value in _plain_functions(function, replacements):
        scope[name] = _compile(value, {}, done)
    copy = FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    copy.__module__ = function.__module__
    copy.__qualname__ = f"{function.__name__}_{source_digest(function, replacements)}"
    # "numpy" makes a float division by zero yield inf instead of branching at each division; kernels guard
    # their divisors, and the contract tests compare every bar with CPython, which would raise
    done[function] = numba.njit(cache=True, error_model="numpy")(copy)
    return done[function]


def _plain_functions(
    function: FunctionType, replacements: Mapping[str, Callable[..., Any]]
) -> Iterator[tuple[str, FunctionType]]:
    """Yield the globals of a function that are plain functions, in the order in which it names them."""
    for name in function.__code__.co_names:
        value = replacements.get(name, function.__globals__.get(name))
        if isinstance(value, FunctionType):
            yield name, value


def _sources(
    function: Callable[..., Any], replacements: Mapping[str, Callable[..., Any]], seen: set[FunctionType]
) -> Iterator[str]:
    if not isinstance(function, FunctionType) or function in seen:
        return
    seen.add(function)
    yield numba.__version__ + function.__qualname__ + inspect.getsource(function)
    for kind in function.__annotations__.values():
        yield from _layouts(kind)
    for name in function.__code__.co_names:
        value = replacements.get(name, function.__globals__.get(name))
        if isinstance(value, int | float | tuple):
            yield f"{name}={value!r}"
    for _, called in _plain_functions(function, replacements):
        yield from _sources(called, {}, seen)


def _layouts(kind: Any) -> Iterator[str]:
    """Yield the fields of a named tuple and of those it holds: compiled code addresses them by position."""
    if isinstance(kind, type) and hasattr(kind, "_fields"):
        yield f"{kind.__qualname__}{kind._fields}"
        for held in kind.__annotations__.values():
            yield from _layouts(held)
