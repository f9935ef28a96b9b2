"""A commit happens wholly or not at all, also across a crash."""

import os
import subprocess
import sys

import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.market.staging import Staging, recover


def disown(staging):
    """Give a staging directory to a process that has ended, as a crash would."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    staging.directory.rename(staging.root / f".staging-{ended.pid}-left")


def names(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_what_is_staged_appears_on_commit_and_replaced_files_go(tmp_path):
    (tmp_path / "old").write_text("1")
    with Staging(tmp_path) as staging:
        (staging.directory / "sub").mkdir()
        (staging.directory / "sub" / "new").write_text("2")
        staging.replace(staging.root / "old")
        assert names(tmp_path)[-1] == "old"
        staging.commit()
    assert names(tmp_path) == ["sub/new"]


def test_without_a_commit_nothing_stays(tmp_path):
    with Staging(tmp_path) as staging:
        (staging.directory / "new").write_text("2")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_replaced_by_one_of_its_name_stays(tmp_path):
    (tmp_path / "same").write_text("before")
    with Staging(tmp_path) as staging:
        (staging.directory / "same").write_text("after")
        staging.replace(staging.root / "same")
        staging.commit()
    assert (tmp_path / "same").read_text() == "after"


def stage_two_files_in_place_of_one(root):
    with Staging(root) as staging:
        for name in ("a", "b"):
            (staging.directory / name).write_text(name)
        staging.replace(staging.root / "old")
        yield staging
        staging.commit()


def test_a_commit_that_broke_off_half_way_is_finished_by_the_next_to_open(tmp_path):
    (tmp_path / "old").write_text("1")
    (tmp_path / "b").mkdir()  # a file cannot take the place of a directory, so the second move fails
    commit = stage_two_files_in_place_of_one(tmp_path)
    staging = next(commit)
    with pytest.raises(OSError, match="b"):
        next(commit)
    assert {"a", "old"} < set(names(tmp_path))
    (tmp_path / "b").rmdir()
    disown(staging)
    recover(tmp_path)
    assert names(tmp_path) == ["a", "b"]


def test_what_a_crash_left_before_its_commit_is_dropped(tmp_path):
    staging = Staging(tmp_path).__enter__()
    (staging.directory / "new").write_text("2")
    disown(staging)
    recover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_process_stages_is_left_alone_and_keeps_others_out(tmp_path):
    with Staging(tmp_path) as staging:
        (staging.directory / "new").write_text("2")
        recover(tmp_path)
        with pytest.raises(DataError, match=f"process {os.getpid()} does"):
            Staging(tmp_path).__enter__()
        staging.commit()
    assert names(tmp_path) == ["new"]
