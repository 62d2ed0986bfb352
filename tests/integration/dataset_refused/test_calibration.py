"""Without the calibration of a session's own cameras there is no depth, and all is told."""

from __future__ import annotations

import built
import msgspec
import pytest
import studies
import zarr
from refusing import make, nothing_made

from calibration import store as rigs
from taver.core.consent import Scope
from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.session.folder import find


def test_sessions_of_different_rigs_are_named_with_what_differs(study):
    built.twin(study, "s01", "s02", "P02")
    path = find(study, "s02").folder / "session.json"
    serial = find(study, "s01").manifest.streams[Modality.COLOR].pieces[0].serial
    path.write_text(path.read_text().replace(f'"{serial}"', '"another"'))
    rig = rigs.read(study.rig_file)
    rigs.write(msgspec.structs.replace(rig, serials={Modality.COLOR: serial}), study.rig_file)
    with pytest.raises(DataError, match="not of every session's cameras") as told:
        make(study)
    assert len(told.value.problems) == 1
    assert told.value.problems[0].startswith("s02: color")
    assert "--session" in told.value.fix
    assert nothing_made(study)


def test_without_a_calibration_depth_cannot_be_had_and_colour_can(study):
    study.rig_file.unlink()
    with pytest.raises(NotFoundError, match="no calibration") as told:
        make(study)
    assert "modalities" in told.value.fix
    assert make(study, modalities=(Modality.COLOR,)).recordings == 1


def test_there_is_heat_only_where_depth_may_be_looked_at(study):
    with pytest.raises(InputError, match="by depth") as told:
        make(study, crop="frame", size_px=16, modalities=(Modality.COLOR, Modality.THERMAL))
    assert 'add "depth"' in told.value.fix
    assert nothing_made(study)
    without = tuple(scope for scope in Scope if scope is not Scope.DEPTH)
    study.participants.sign("P01", studies.form(scopes=without))
    for crop in ("frame", "face"):  # and faces are not found in it without depth, either
        made = make(study, crop=crop, size_px=16)
        assert any("without thermal" in note and "by depth" in note for note in made.notes)
        root = zarr.open_group(study.folder / "dataset.zarr", mode="r")
        assert root["recordings/s01-interview"].attrs["modalities"] == ["color"]
