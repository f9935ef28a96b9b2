import importlib.util
import sys

import pytest

pytest.importorskip("numba", reason="the fast simulation needs the research extra")

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.fast.compile import compile_function, source_digest

SOURCE = """
from typing import NamedTuple

FACTOR = {factor}

class Pair(NamedTuple):
    {fields}

def inner(value):
    return value * FACTOR

def outer(value):
    return inner(value) + 1.0

def replaced(value):
    raise AssertionError

def driver(value):
    return replaced(value) * 10.0

def of_pair(pair: Pair):
    return pair.first - pair.second
"""


@pytest.fixture
def load(tmp_path):
    names = []

    def load(name, factor=2.0, fields="first: float; second: float"):
        path = tmp_path / f"{name}.py"
        path.write_text(SOURCE.format(factor=factor, fields=fields))
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in names:
        del sys.modules[name]


def test_functions_that_a_function_calls_are_compiled_with_it(load):
    module = load("compiled_module")
    assert compile_function(module.outer)(3.0) == module.outer(3.0) == 7.0


def test_the_original_function_stays_plain_python(load):
    module = load("plain_module")
    compile_function(module.outer)(1.0)
    assert type(module.inner).__name__ == type(module.outer).__name__ == "function"
    assert module.outer.__globals__["inner"] is module.inner


def test_a_driver_is_bound_to_what_takes_the_place_of_a_global(load):
    module = load("driver_module")
    assert compile_function(module.driver, {"replaced": module.inner})(1.0) == 20.0
    assert compile_function(module.driver, {"replaced": module.outer})(1.0) == 30.0


def test_a_changed_constant_or_callee_changes_the_name_in_the_cache(load):
    before, after = load("digest_a", factor=2.0), load("digest_b", factor=3.0)
    assert source_digest(before.outer, {}) != source_digest(after.outer, {})
    assert source_digest(before.outer, {}) == source_digest(load("digest_c", factor=2.0).outer, {})
    assert source_digest(before.driver, {"replaced": before.inner}) != source_digest(
        before.driver, {"replaced": before.outer}
    )


def test_fields_of_a_named_tuple_in_another_order_change_the_name_in_the_cache(load):
    before, after = load("layout_a"), load("layout_b", fields="second: float; first: float")
    assert source_digest(before.of_pair, {}) != source_digest(after.of_pair, {})


@pytest.mark.parametrize("wrong", [len, str, 3, [].append])
def test_only_plain_functions_can_be_compiled(wrong):
    with pytest.raises(ConfigError, match="plain Python function"):
        compile_function(wrong)
