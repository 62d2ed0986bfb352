"""What numba compiles is compiled once for all processes, and runs wherever it cannot be kept."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal

import children
import numba
import numpy as np
import pytest

# Two functions of one module, one called by the other; a signature of its own takes a while.
MODULE = """
from taver.core.compiled import Compiler

compiler = Compiler(extra="sim", to="test")


@compiler.compiled
def doubled(number):
    return number + number


@compiler.compiled
def summed(numbers):
    total = 0.0
    for number in numbers:
        total += doubled(number)
    return total
"""
# Says when it is ready, goes on when told to, and tells how often it compiled.
CALL = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import calls
print("ready", flush=True)
sys.stdin.readline()
assert calls.summed(np.arange(4.0)) == 12.0
misses = [sum(each.stats.cache_misses.values()) for each in (calls.summed, calls.doubled)]
print(*misses, flush=True)
"""
# Begins to compile, says so, and never comes to an end.
CALL_FOR_EVER = """
import sys, time
from numba.core import event
class Stopped(event.Listener):
    def on_start(self, event):
        print("compiling", flush=True)
        time.sleep(3600)
    def on_end(self, event): ...
event.register("numba:compile", Stopped())
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty folder for what is compiled, beside the module that is."""
    (tmp_path / "calls.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept für später"))
    return tmp_path / "kept für später"


@contextlib.contextmanager
def caller(cache, before=""):
    """Start a process that is about to call."""
    with children.started(before + CALL, cache.parent, cwd=cache.parent) as child:
        assert child.stdout.readline() == "ready\n", child.stderr.read()
        yield child


def answer(child):
    """Let it call, and return how often it compiled the caller and the called."""
    out, err = child.communicate("go\n", timeout=100)
    assert child.returncode == 0, err
    return [int(part) for part in out.split()]


@pytest.fixture
def compiled_here(cache, monkeypatch):
    """Return what calls as a new process would, but in this one."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(cache))
    path = cache.parent / "calls.py"

    def call(meanwhile=lambda: None):
        calls = {"__name__": "calls"}
        exec(compile(path.read_text(encoding="utf-8"), path, "exec"), calls)
        meanwhile()
        assert calls["summed"](np.arange(4.0)) == 12.0
        return [sum(calls[name].stats.cache_misses.values()) for name in ("summed", "doubled")]

    return call


def files(cache, kind):
    return sorted(cache.rglob(f"*.{kind}"))


def test_processes_that_begin_at_once_compile_each_function_once(cache):
    with contextlib.ExitStack() as running:
        callers = [running.enter_context(caller(cache)) for _ in range(3)]
        for each in callers:
            each.stdin.write("go\n")
            each.stdin.flush()
        counts = [answer(each) for each in callers]
    assert [sum(count) for count in zip(*counts, strict=True)] == [1, 1]
    assert len(files(cache, "nbc")) == 2
    with caller(cache) as later:
        assert answer(later) == [0, 0]


def test_who_dies_while_compiling_keeps_nobody_waiting(cache):
    with caller(cache, CALL_FOR_EVER) as first, caller(cache) as second:
        first.stdin.write("go\n")
        first.stdin.flush()
        assert first.stdout.readline() == "compiling\n", first.stderr.read()
        assert files(cache, "nbi") == []
        second.stdin.write("go\n")
        second.stdin.flush()
        first.kill()
        assert answer(second) == [1, 1]


def test_what_the_power_left_in_part_is_compiled_anew_and_kept_again(cache, compiled_here):
    assert compiled_here() == [1, 1]
    kept = [*files(cache, "nbi"), *files(cache, "nbc")]
    assert len(kept) == 4
    for left_bytes in (0, 20):
        for path in kept[:: 1 if left_bytes else 3]:  # all of it; one's list, the other's code
            os.truncate(path, left_bytes)
        assert compiled_here() == [1, 1]
        assert compiled_here() == [0, 0]


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs limits of files")
def test_with_no_room_for_what_is_compiled_it_runs_all_the_same(cache):
    with caller(cache, children.with_files_up_to(0)) as full:
        assert answer(full) == [1, 1]
    assert all(path.stat().st_size == 0 for path in cache.rglob("*") if path.is_file())
    with caller(cache) as later:
        assert answer(later) == [1, 1]
    assert len(files(cache, "nbc")) == 2


def test_in_a_folder_that_is_taken_away_it_runs_all_the_same(cache, compiled_here):
    def take_away():
        shutil.rmtree(cache)
        cache.write_text("a file where the folder was", encoding="utf-8")

    assert compiled_here(take_away) == [1, 1]
    assert cache.is_file()
