"""A process id alone says nothing: birth and id together do."""

import os
import subprocess
import sys

from nautilus_bot.process.identity import descendants, is_alive, kill, process_birth

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_process_keeps_its_birth_and_shares_it_with_nobody() -> None:
    other = subprocess.Popen(SLEEP)
    try:
        assert process_birth(os.getpid()) == process_birth(os.getpid()) != ""
        assert process_birth(other.pid) != process_birth(os.getpid())
    finally:
        other.kill()
        other.wait()


def test_an_id_that_means_another_process_by_now_is_not_alive() -> None:
    assert is_alive(os.getpid(), process_birth(os.getpid()))
    assert not is_alive(os.getpid(), "boot:another:1")
    assert not is_alive(os.getpid(), "")


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen(SLEEP)
    birth = process_birth(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(child.pid, birth)
    assert process_birth(child.pid) == ""
    child.wait()


def test_kill_leaves_a_process_alone_that_was_not_meant() -> None:
    child = subprocess.Popen(SLEEP)
    try:
        kill(child.pid, "boot:another:1")
        assert child.poll() is None
        assert (child.pid, process_birth(child.pid)) in descendants(os.getpid())
        kill(child.pid, process_birth(child.pid))
        assert child.wait() != 0
    finally:
        child.kill()
        child.wait()
