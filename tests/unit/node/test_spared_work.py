"""What a backtest spares Nautilus and Python: it must be spared there, and nowhere else."""

import gc

from nautilus_trader.cache.cache import Cache
from nautilus_trader.system import kernel

from nautilus_bot.node.collector import YOUNG_OBJECTS, rare_collections
from nautilus_bot.node.lean_cache import LeanCache, lean_caches


def test_only_kernels_built_meanwhile_get_a_cache_without_snapshots():
    with lean_caches():
        assert kernel.Cache is LeanCache
    assert kernel.Cache is Cache


def test_a_lean_cache_keeps_no_copy_of_a_closed_position():
    cache = LeanCache()
    cache.snapshot_position(None)
    assert cache.position_snapshots() == []


def test_the_collector_is_as_before_after_a_run():
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold()[0] == YOUNG_OBJECTS
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
