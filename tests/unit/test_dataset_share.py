"""An audience gets what each person agreed to, and nothing that tells who it was."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np
import studies

from taver.core.consent import Audience, Scope
from taver.core.frames import Modality
from taver.dataset import schema, share

ALL = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
RECORDING = {
    "participant": "P07", "session": "2026-03-31-kim", "modalities": ["color"],
    "simulated": False, "raters": ["anna", "ben"], "scale": [-10, 10], "fusion": "mean",
    "relaxing_face_k": None, "thermal_kelvin": None, "start_unix_ns": 1_790_000_000_000_000_000,
    "note": "came late, called Kim",
    "made": {
        "software": {"taver": "1"}, "session": "2026-03-31-kim", "serial": "12345678",
        "path": "/home/kim", "settings": {"size_px": 96},
    },
}  # fmt: skip


def test_each_modality_goes_as_far_as_its_own_consent():
    form = studies.form(audience=Audience.REQUEST)
    form = msgspec.structs.replace(
        form, scopes={**form.scopes, Scope.DEPTH: Audience.PUBLIC, Scope.COLOR: Audience.LAB}
    )
    got = {a: share.of_consent(form, ALL, a).modalities for a in Audience}
    assert got == {
        Audience.LAB: ALL,
        Audience.REQUEST: (Modality.DEPTH, Modality.THERMAL),
        Audience.PUBLIC: (Modality.DEPTH,),
    }
    withheld = share.of_consent(form, ALL, Audience.PUBLIC).withheld
    assert withheld["color"] == "form v1 gives it to lab, not to public"
    assert set(withheld) == {"color", "thermal", "landmarks"}


def test_without_a_form_or_after_withdrawal_nothing_goes():
    gone = studies.form(audience=Audience.PUBLIC, withdrawn_on=dt.date(2026, 4, 1))
    for form in (None, gone):
        shared = share.of_consent(form, ALL, Audience.LAB)
        assert not shared.anything
        assert not shared.landmarks
        assert not shared.pictures


def test_pictures_are_shown_of_those_who_allowed_them_and_of_nobody():
    assert share.of_consent(studies.form(pictures=True), ALL, Audience.LAB).pictures
    assert not share.of_consent(studies.form(pictures=False), ALL, Audience.LAB).pictures
    assert share.of_consent(
        studies.form(pictures=False), ALL, Audience.LAB, simulated=True
    ).pictures


def test_in_the_lab_everything_stays():
    assert share.stripped_recording(RECORDING, "lab") == RECORDING


def test_outside_there_is_no_name_date_serial_or_free_text():
    for audience in ("request", "public"):
        told = share.stripped_recording(RECORDING, audience)
        said = str(told)
        for word in ("kim", "Kim", "2026", "anna", "12345678", "179000", "called"):
            assert word not in said, word
        assert set(schema.RECORDING_ATTRIBUTES) <= set(told)
        assert told["raters"] == ["r1", "r2"]
        assert told["made"] == {"software": {"taver": "1"}, "settings": {"size_px": 96}}
        assert share.recording_name("P07", "2026-03-31-kim", "a", audience, 2) == "P07-2"
    assert share.recording_name("P07", "s01", "s01-a", "lab", 2) == "s01-a"
    assert share.recording_name("P07", "s01", "s01", "lab", 2) == "s01"
    assert share.recording_name("P07", "s1", "s10", "lab", 2) == "s1-s10"


def test_points_of_a_face_that_are_not_shared_are_nan():
    columns = {name: np.ones((3, 2), np.float32) for name in ("landmarks", "pose_deg", "face")}
    told = share.stripped_columns(columns, landmarks=False)
    assert np.isnan(told["landmarks"]).all()
    assert np.isnan(told["pose_deg"]).all()
    assert (told["face"] == 1).all()
    assert (columns["landmarks"] == 1).all()
    assert share.stripped_columns(columns, landmarks=True).keys() == columns.keys()
