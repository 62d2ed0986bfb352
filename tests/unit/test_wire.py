"""Messages between a master and its agents: what goes out comes in, and nothing else does."""

import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.plan import Plan
from capture.status import Happening, HappeningKind
from capture.timesync.line import Line
from capture.wire import messages
from capture.wire.address import Address
from capture.wire.messages import Answer, Question
from capture.wire.refusal import error_of, refusal, unexpected
from taver.core import errors
from taver.core.clock import Epoch
from taver.core.errors import InputError, StorageError, TaverError
from taver.core.frames import Modality

EPOCH = Epoch(host_ns=1, unix_ns=2)
ASKS = [
    messages.Hello(taver="1", protocol=1, machine="here"),
    messages.Beat(
        heard=3,
        line=Line(host_ns=1, unix_ns=2, gain=1e-4, error_us=3.5),
        wants=(Modality.COLOR,),
    ),
    messages.Prepare(run="r", plan=Plan(session="s", participant="P", seconds=1.5)),
    messages.Arm(files={Modality.DEPTH: "depth.mcap"}, simulated=True, epoch=EPOCH),
    messages.Start(at_unix_ns=1, until_unix_ns=2, grid_start_unix_ns=0),
    messages.StopAt(at_unix_ns=0),
    messages.Shutter(close=True, automatic=None),
    messages.Finish(),
    messages.Release(),
    messages.List(),
    messages.Digest(run="r", file="f"),
    messages.Fetch(run="r", file="f", offset=0, size=1),
    messages.Confirm(run="r", file="f", digest="d"),
    messages.Bye(),
]


def test_every_question_arrives_as_it_was_asked():
    assert {type(ask) for ask in ASKS} == set(typing.get_args(messages.Ask))
    for number, ask in enumerate(ASKS):
        asked = Question(number=number, ask=ask)
        assert messages.question(messages.encode(asked)) == asked


def test_answers_arrive_as_they_were_given():
    happening = Happening(kind=HappeningKind.LOST, unix_ns=5, text="gone")
    for tell in (
        messages.Pulse(
            instance="i",
            state=messages.AgentState.RECORDING,
            run="r",
            host_ns=9,
            happenings=(happening,),
        ),
        messages.Chunk(data=bytes(range(256))),
        refusal(StorageError("full", fix="free it", problems=["a", "b"])),
    ):
        told = Answer(number=1, tell=tell)
        assert messages.answer(messages.encode(told)) == told


@given(st.binary(max_size=400))
def test_bytes_that_are_no_message_are_refused_as_values(data):
    with pytest.raises(ValueError, match=r"."):
        messages.question(data)


@given(st.sampled_from(ASKS), st.data())
def test_a_torn_message_is_refused_or_another_message(ask, data):
    torn = bytearray(messages.encode(Question(number=7, ask=ask)))
    torn[data.draw(st.integers(0, len(torn) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = messages.question(bytes(torn))
    except ValueError:
        return
    assert isinstance(read, Question)


def test_a_plan_that_cannot_be_is_refused_on_arrival():
    plan = Plan(session="s", participant=None, seconds=1)
    tree = msgspec.to_builtins(Question(number=1, ask=messages.Prepare(run="r", plan=plan)))
    tree["ask"]["plan"]["seconds"] = -1
    with pytest.raises(ValueError, match="seconds"):
        messages.question(msgspec.msgpack.encode(tree))


def test_hello_is_understood_with_fields_that_a_later_version_adds():
    tree = msgspec.to_builtins(Question(number=1, ask=ASKS[0]))
    tree["ask"]["later"] = [1, 2, 3]
    assert messages.question(msgspec.msgpack.encode(tree)).ask == ASKS[0]


@pytest.mark.parametrize(
    "kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, TaverError)]
)
def test_an_error_keeps_its_kind_its_fix_and_its_problems_on_the_way(kind):
    told = error_of(refusal(kind("it broke", fix="mend it", problems=["one"])), "agent 'a'")
    assert type(told) is kind
    assert (told.what, told.fix, told.problems) == ("agent 'a': it broke", "mend it", ("one",))


def test_an_error_of_an_unknown_kind_is_still_told():
    told = error_of(msgspec.structs.replace(unexpected(OSError("x")), kind="os"), "")
    assert type(told) is TaverError
    assert told.what == "OSError: x"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.2:7300", Address(host="10.0.0.2", port=7300)),
        ("thermal-pc", Address(host="thermal-pc", port=7200)),
        ("[fe80::1]:80", Address(host="fe80::1", port=80)),
    ],
)
def test_addresses_are_read_as_people_write_them(text, address):
    assert Address.parse(text) == address
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", ":7200", "a:b", "a:0", "a:70000", "a b:1", "tcp://a:1", "::1"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InputError, match="no address"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("pc", False)],
)
def test_loopback_is_known(host, here):
    assert Address(host=host, port=1).is_loopback is here
