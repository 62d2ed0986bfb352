"""bfloat16 is taken where the processor has it, and advised against where it would be slow."""

import pytest

from taver.training import engine
from taver.training.config import Machine


@pytest.mark.parametrize(("has", "taken"), [(True, "bf16"), (False, "fp32")])
def test_auto_takes_what_the_processor_computes_in(has, taken, monkeypatch):
    monkeypatch.setattr(engine, "_has_bf16", lambda _: has)
    assert engine.precision(Machine(precision="auto")) == taken
    assert engine.precision(Machine(precision="fp32")) == "fp32"
    assert engine.precision(Machine(precision="bf16")) == "bf16"


def test_bf16_is_advised_against_only_where_it_is_asked_for_and_not_there(monkeypatch):
    monkeypatch.setattr(engine, "_has_bf16", lambda _: False)
    told = engine.advice(Machine(precision="bf16"))
    assert told is not None
    assert "does not compute in bfloat16" in told
    assert "machine.precision=fp32" in told
    assert engine.advice(Machine()) is None
    assert engine.advice(Machine(precision="auto")) is None
    monkeypatch.setattr(engine, "_has_bf16", lambda _: True)
    assert engine.advice(Machine(precision="bf16")) is None


def test_what_was_trained_elsewhere_is_computed_with_what_is_here(monkeypatch):
    monkeypatch.setattr(engine, "_has_bf16", lambda _: False)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    there = Machine(device="cuda", precision="bf16", threads=64, processes=8)
    here = engine.here(there)
    assert (here.device, here.threads, here.processes) == ("auto", 4, 1)
    assert engine.precision(here) == "fp32"
    assert engine.here(there, "cuda").device == "cuda"  # asked for: told if it is not there
    assert engine.here(Machine()) == Machine()


def test_what_the_processor_has_is_found_out():
    assert engine.precision(Machine(precision="auto")) in {"fp32", "bf16"}
