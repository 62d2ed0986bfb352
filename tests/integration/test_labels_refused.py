"""taver labels: what cannot be right is refused in words, and nothing half-made is left."""

import numpy as np
import pytest
import rated
import sitting
import studies

from annotate_web.labelling import run
from taver.core.errors import ConsentError, DataError, InputError, NotFoundError, StorageError
from taver.core.session.folder import find
from taver.labels.options import Options
from taver.labels.session import label
from taver.labels.trace import Clip, Rated


@pytest.fixture(scope="session")
def annotated_once(tmp_path_factory):
    return sitting.annotated_study(tmp_path_factory.mktemp("labels"))


@pytest.fixture
def annotated(annotated_once, tmp_path):
    return studies.copied(annotated_once, tmp_path / "annotated")


@pytest.fixture
def database(annotated):
    made = sitting.database_of(annotated)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "has the columns a, b"),
        ("seconds,arousal\n0,1\nx,2\n", "seconds is no number in line 3"),
        ("seconds,arousal\n0,high\n1,2\n", "arousal is no number in line 2"),
        ("clip,seconds,arousal\ns01-later,1,1\ns01-later,0,2\n", "go back or stand"),
        ("seconds,arousal\n0,1\n9,2\n", "does not say of which clip it tells, and there are 2"),
        ("clip,seconds,arousal\nnobody,0,1\nnobody,1,2\n", "tells of no clip"),
        ("unix_ns,arousal\n1,1\n2,2\n", "tells of no clip"),
        ("", "no CSV table"),
    ],
)
def test_a_reference_that_cannot_be_read_is_refused_with_its_line(annotated, cli, content, said):
    reference = annotated.folder / "reference.csv"
    reference.write_text(content)
    done = cli(annotated, "labels", "--session", "s01", "--reference", str(reference))
    assert done.code == InputError.exit_code
    assert said in done.err
    assert not (find(annotated, "s01").folder / "labels.zarr").exists()


def test_a_reference_that_is_not_there_is_named(annotated, refused):
    said = refused(StorageError, annotated, "labels", "--session", "s01", "--reference", "no.csv")
    assert "no.csv" in said
    done = refused(InputError, annotated, "labels", "--session", "s01", "--reference", "sessions")
    assert "is a folder" in done


def test_seconds_that_may_be_of_any_session_are_not_taken_for_all(annotated, cli):
    reference = annotated.folder / "reference.csv"
    reference.write_text("seconds,arousal\n0,1\n45,3\n90,2\n")
    done = cli(annotated, "labels", "--all", "--reference", str(reference))
    assert done.code == InputError.exit_code
    assert "there are 3 sessions" in done.err
    assert not list(annotated.folder.rglob("labels.*"))
    assert cli(annotated, "labels", "--session", "s02", "--reference", str(reference)).code == 0


@pytest.mark.parametrize(
    ("kind", "arguments", "said"),
    [
        (InputError, [], "Which sessions is not said"),
        (InputError, ["--all", "--session", "s01"], "Both"),
        (NotFoundError, ["--session", "s99"], "s99"),
        (InputError, ["--session", "s01", "--gap", "-1"], "gap"),
        (InputError, ["--session", "s01", "--gap", "nan"], "gap"),
        (InputError, ["--session", "s01", "--report", "labels.pdf"], ".html"),
        (InputError, ["--session", "s01", "--report", "nowhere/labels.html"], "no folder"),
        (InputError, ["--session", "s01", "--report", "folder.html"], "is a folder"),
        (InputError, ["--session", "s01", "--database", "nonsense"], "no database URL"),
        (InputError, ["--session", "s01", "--database", "mysql://a/b"], "cannot be kept"),
        (
            NotFoundError,
            ["--session", "s01", "--database", "sqlite:///no.sqlite"],
            "no annotations",
        ),
        (NotFoundError, ["--session", "s03"], "Nobody has rated anything of session s03"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(annotated, cli, kind, arguments, said):
    (annotated.folder / "folder.html").mkdir()
    done = cli(annotated, "labels", *arguments)
    assert done.code == kind.exit_code
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (annotated.folder / "no.sqlite").exists()
    assert not list(annotated.folder.rglob("labels.*"))


def test_after_a_withdrawal_nothing_is_made(annotated, cli):
    done = cli(annotated, "participant", "withdraw", "P01", "--yes")
    if done.code != 0:
        done = cli(annotated, "participant", "withdraw", "P01")
    assert done.code == 0, done.err
    done = cli(annotated, "labels", "--session", "s01")
    assert done.code == ConsentError.exit_code
    assert not (find(annotated, "s01").folder / "labels.zarr").exists()


def test_a_session_that_cannot_be_done_does_not_stop_the_others(annotated, database):
    times = rated.frame_times(20, rated.START_NS + 10**13)
    sitting.add(database, "s01/odd", times)
    outcomes = run(annotated, ["s01", "s02"], Options())
    assert isinstance(outcomes[0].error, DataError)
    assert "cannot be that of a file" in outcomes[0].error.problems[0]
    assert outcomes[1].made.clips == 1


@pytest.mark.parametrize(
    ("change_it", "said"),
    [
        (lambda one: one._replace(ratings=one.ratings * 2), "P1 rated it twice"),
        (
            lambda one: one._replace(clip=one.clip._replace(frame_unix_ns=np.array([2, 1]))),
            "go back in time",
        ),
        (
            lambda one: one._replace(
                clip=one.clip._replace(frame_unix_ns=np.empty(0, dtype=np.int64))
            ),
            "no frames",
        ),
        (
            lambda one: one._replace(
                ratings=(rated.rating("P9", [11.0] * 5, [0.0] * 5, rated.frame_times(5)),)
            ),
            "P9: arousal is 11, beyond -10 to 10",
        ),
    ],
)
def test_ratings_that_cannot_be_right_are_refused_by_name(recorded, change_it, said):
    one = change_it(rated.clip_of(2, frames=50))
    with pytest.raises(DataError) as caught:
        label(recorded.study, "s01", [one], Options(), source="a test")
    assert any(said in problem for problem in caught.value.problems)


def test_clips_of_another_session_or_of_one_name_are_refused(recorded):
    one = rated.clip_of(2, frames=50)
    with pytest.raises(DataError, match="two clips called"):
        label(recorded.study, "s01", [one, one], Options(), source="a test")
    other = Rated(Clip("a", "s77", rated.frame_times(5)), (), 3)
    with pytest.raises(InputError, match="s77"):
        label(recorded.study, "s01", [other], Options(), source="a test")
