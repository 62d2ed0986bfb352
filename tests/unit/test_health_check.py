"""The look before a recording: each thing said in words, well or not."""

import msgspec
import numpy as np
import pytest
from desks import RIG, device, picture, status, stream, warm

from capture.desk import check
from capture.desk.health.face import Box
from capture.desk.health.finding import Level
from capture.master.preview import Checkup, SessionPreview
from capture.plan import Plan
from capture.status import Happening, HappeningKind
from taver.core.errors import DeviceError
from taver.core.frames import Modality

GREY = np.full((54, 96, 3), 120, np.uint8)
NEAR = np.full((212, 256), 1000, np.uint16)
PLAN = Plan(session="check", participant=None, seconds=900.0)
MIDDLE = Box(left=0.45, top=0.4, right=0.55, bottom=0.6)


def glimpses(count=10, thermal=warm):
    return {
        Modality.COLOR: tuple(picture(Modality.COLOR, GREY, n) for n in range(count)),
        Modality.DEPTH: tuple(picture(Modality.DEPTH, NEAR, n) for n in range(count)),
        Modality.THERMAL: tuple(
            picture(Modality.THERMAL, thermal(seed=n), n) for n in range(count)
        ),
    }


def verdicts(*, seen=None, given=None, found=None, pictures=None, happenings=(), plan=PLAN):
    found = found or SessionPreview(devices=(device(),), machines=(), warnings=())
    checkup = Checkup(
        status=given or status(elapsed_s=5.0),
        glimpses=glimpses() if pictures is None else pictures,
        happenings=happenings,
    )
    boxes = iter(seen if seen is not None else [MIDDLE] * 10)
    return check.verdicts(found, checkup, plan, lambda _: next(boxes))


def of(findings, about):
    return [finding for finding in findings if finding.about == about]


def test_when_all_is_well_each_thing_is_said_and_nothing_refused():
    findings = verdicts()
    assert {f.level for f in findings} == {Level.GOOD}
    text = "\n".join(check.said(findings))
    for words in (
        "color comes at 30.0 of 30", "a face is found in 10 of 10",
        "depth on 100% of the face, 1.00 m", "skin at about 34.0 °C",
        "the thermal picture lives", "clock of here is known to 0.02 ms",
        "the disk of here has 400 GB free", "15 min are planned",
    ):  # fmt: skip
        assert words in text, words
    check.refuse(findings)


@pytest.mark.parametrize("seen", [0, 4])
def test_a_face_seen_too_seldom_is_told_and_refused(seen):
    findings = verdicts(seen=[MIDDLE] * seen + [None] * (10 - seen))
    (face,) = of(findings, "face")
    assert face.level is Level.BAD
    assert f"{seen} of 10" in face.text
    with pytest.raises(DeviceError, match="face"):
        check.refuse(findings)


def test_without_the_detector_it_is_said_that_none_was_looked_for():
    checkup = Checkup(status=status(), glimpses=glimpses(), happenings=())
    found = SessionPreview(devices=(device(),), machines=(), warnings=())
    findings = check.verdicts(found, checkup, PLAN, None)
    (face,) = of(findings, "face")
    assert face.level is Level.UNSURE
    assert "extra" in face.text
    check.refuse(findings)


def test_a_silent_stream_is_refused_and_one_that_is_not_wanted_is_not_missed():
    given = status(stream(Modality.COLOR), stream(Modality.THERMAL, taken=0))
    findings = verdicts(given=given)
    assert of(findings, "thermal")[0].level is of(findings, "depth")[0].level is Level.BAD
    plan = msgspec.structs.replace(PLAN, streams=(Modality.COLOR,))
    assert not of(verdicts(given=given, plan=plan), "thermal")


@pytest.mark.parametrize(
    ("size", "level"), [("9000", Level.GOOD), ("1500", Level.UNSURE), ("576", Level.BAD)]
)
def test_the_size_of_network_packets_is_judged(size, level):
    camera = msgspec.structs.replace(device(), settings={"GevSCPSPacketSize": size})
    found = SessionPreview(devices=(camera,), machines=(), warnings=())
    (packets,) = of(verdicts(found=found), "packets")
    assert packets.level is level
    assert size in packets.text


def test_a_thermal_picture_that_stands_still_is_refused():
    findings = verdicts(pictures=glimpses(thermal=lambda **_: warm()))
    assert of(findings, "thermal picture")[0].level is Level.BAD


def test_counts_without_kelvin_are_said_to_be_untold():
    pictures = {
        Modality.THERMAL: tuple(
            picture(Modality.THERMAL, warm(seed=n), n, unit="raw") for n in range(10)
        )
    }
    (found,) = of(verdicts(pictures=pictures), "temperature")
    assert found.level is Level.UNSURE


def test_a_device_that_left_and_one_that_warned_are_told():
    found = SessionPreview(devices=(device(),), machines=(), warnings=("the rate cannot be set",))
    lost = Happening(kind=HappeningKind.LOST, unix_ns=1, text="the A65 is gone", fix="plug it in")
    findings = verdicts(found=found, happenings=(lost,))
    text = "\n".join(check.said(findings))
    assert "NO  the A65 is gone\n    fix  plug it in" in text
    assert "--  the rate cannot be set" in text


def test_every_line_fits_a_terminal():
    findings = verdicts(seen=[None] * 10, pictures=glimpses(thermal=lambda **_: warm(70.0)))
    assert max(len(line) for line in check.said(findings)) <= 80
    assert set(RIG) <= {
        Modality(f.about.removeprefix("rate ")) for f in findings if "rate" in f.about
    }
