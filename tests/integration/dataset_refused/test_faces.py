"""Faces are found again the way they were, and a table of them is as taver wrote it."""

from __future__ import annotations

import json

import built
import msgspec
import pytest
import telling
import zarr
from refusing import make

from taver.core.errors import DataError, NotFoundError
from taver.core.session.folder import find
from taver.core.session.manifest import Phase


def test_faces_that_only_ones_own_model_can_find_are_never_found_with_another(study):
    folder = find(study, "s01").folder
    for path in (folder / "faces.zarr" / "zarr.json", folder / "stages" / "faces.json"):
        tree = json.loads(path.read_text())
        told = tree.get("attributes", tree)
        told["settings"]["models"]["landmarks"] = "0" * 64
        if told is not tree:
            told["models"]["landmarks"]["own"] = True
        path.write_text(json.dumps(tree))
    assert not any("found on the way" in note for note in make(study).notes)
    rig = json.loads(study.rig_file.read_text())
    study.rig_file.write_text(json.dumps(rig | {"made": "2026-11-21"}))
    before = telling.tree(study.folder)
    with pytest.raises(DataError, match="landmark model of your own") as told:
        make(study)
    assert "--shape-predictor" in told.value.fix
    assert telling.tree(study.folder) == before


def test_how_warm_a_relaxing_face_is_comes_from_a_table_as_taver_wrote_it(study):
    session, times = find(study, "s01"), built.color_ns(study)
    relaxing = Phase(name="Relaxing video", start_unix_ns=int(times[0]), end_unix_ns=int(times[4]))
    session.save(msgspec.structs.replace(session.manifest, phases=(relaxing,)))
    make(study)
    root = zarr.open_group(study.folder / "dataset.zarr", mode="r")
    assert 300 < root["recordings/s01-interview"].attrs["relaxing_face_k"] < 312
    path = session.folder / "faces.csv"
    table = path.read_text()
    for change, what in (
        (lambda text: text.replace(",", ";"), "not as taver wrote it"),
        (lambda text: text.replace(str(times[3]), str(times[3] // 10**6 * 10**6)), "unix_ns"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "unix_ns"),
        (lambda text: text.replace("nose_tip_k", "nose"), "nose_tip_k"),
        (lambda text: text.replace(",30", ",31", 1), "something in it was changed"),
    ):
        path.write_text(change(table))
        with pytest.raises(DataError, match=what) as told:
            make(study)
        assert "taver faces --session s01 --again" in told.value.fix
    path.unlink()
    with pytest.raises(NotFoundError, match="gone"):
        make(study)
