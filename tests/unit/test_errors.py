"""Errors: one exit code a kind, a builtin parent each, none without a fix."""

import copy
import pickle

import pytest

from taver.core import errors
from taver.core.errors import TaverError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, TaverError) and kind is not TaverError
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_exit_code_of_its_own(kind):
    taken = [other.exit_code for other in (*KINDS, TaverError) if other is not kind]
    assert kind.exit_code not in taken
    assert 0 < kind.exit_code < 64  # what lies above belongs to the shell and to signals


@pytest.mark.parametrize("kind", KINDS)
def test_code_that_knows_nothing_of_taver_can_catch_every_kind(kind):
    builtin = [base for base in kind.__mro__ if base.__module__ == "builtins"]
    assert builtin[0] not in {Exception, BaseException, object}


@pytest.mark.parametrize("kind", [*KINDS, TaverError])
def test_no_error_can_be_raised_without_a_fix(kind):
    with pytest.raises(TypeError, match="fix"):
        raise kind("the disk is full")


@pytest.mark.parametrize("kind", [*KINDS, TaverError])
def test_an_error_says_what_is_wrong_and_keeps_the_fix_and_every_problem(kind):
    error = kind("two cameras are gone", fix="plug them in", problems=["left", "right"])
    assert str(error) == error.what == "two cameras are gone"
    assert error.fix == "plug them in"
    assert error.problems == ("left", "right")


@pytest.mark.parametrize("kind", [*KINDS, TaverError])
@pytest.mark.parametrize("sent", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_from_another_process_arrives_whole(kind, sent):
    error = sent(kind("two cameras are gone", fix="plug them in", problems=["left", "right"]))
    assert type(error) is kind
    assert (error.what, error.fix, error.problems) == (
        "two cameras are gone",
        "plug them in",
        ("left", "right"),
    )


def test_the_tree_in_the_documentation_lists_every_kind_with_its_exit_code():
    drawn = {
        words[0]: int(words[1])
        for line in errors.__doc__.splitlines()
        if (words := line.replace("├──", "").replace("└──", "").split()) and "Error" in words[0]
    }
    assert drawn == {kind.__name__: kind.exit_code for kind in (*KINDS, TaverError)}
