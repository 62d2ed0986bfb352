"""A folder of exports is written whole or not at all."""

import sys

import pytest
from exchanging import FIRST

from annotate_web.exchange import export, formats
from taver.core.errors import AlreadyThereError, InputError, MissingExtraError, NotFoundError


def test_a_folder_is_written_whole_and_never_over_another(campaign, tmp_path):
    database, _ = campaign
    folder = tmp_path / "annotations out"
    made = export.export(database, folder)
    names = {path.relative_to(folder).as_posix() for path in made}
    assert names >= {
        "provenance.json", "events.csv", "tracks.csv", "annotations.json", f"elan/{FIRST}.eaf",
    }  # fmt: skip
    assert all(path.stat().st_size for path in made)
    with pytest.raises(AlreadyThereError):
        export.export(database, folder)
    with pytest.raises(NotFoundError, match="no clips of s09"):
        export.export(database, tmp_path / "other", sessions=["s09"])
    with pytest.raises(InputError, match="no format"):
        export.export(database, tmp_path / "other", endings=["docx"])
    with pytest.raises(NotFoundError):
        export.export(database, tmp_path / "not there" / "other")
    assert not (tmp_path / "other").exists()


def test_without_pyarrow_only_who_asks_for_parquet_hears_of_it(campaign, tmp_path, monkeypatch):
    database, _ = campaign
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert [one.ending for one in formats.usable()] == ["csv", "json", "eaf"]
    made = export.export(database, tmp_path / "out")
    assert not [path for path in made if path.suffix == ".parquet"]
    with pytest.raises(MissingExtraError, match="pyarrow"):
        export.export(database, tmp_path / "other", endings=["parquet"])
