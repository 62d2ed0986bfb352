"""The commands do the same as the pages, and PostgreSQL the same as SQLite."""

import time

import leading
import postgres
from exchanging import EMPTY, FIRST, SECOND, gathered, one_table

from annotate_web.assign import change
from annotate_web.db.open import open_database
from annotate_web.exchange import export
from annotate_web.exchange.bring import bring
from annotate_web.lead.overview import overview
from taver.core.errors import AlreadyThereError, DataError, InputError, NotFoundError


def test_the_commands_export_import_and_assign(campaign, tmp_path, study, cli, refused):
    database, _ = campaign
    database.close()
    data = (tmp_path / "annotations.sqlite").read_bytes()
    (study.folder / "annotations.sqlite").write_bytes(data)
    assert cli(study, "annotate", "export", "out", "--format", "csv").code == 0
    assert (study.folder / "out" / "tracks.csv").is_file()
    (study.folder / "tool.csv").write_text("time_s,arousal,valence\n0,1,2\n")
    done = cli(study, "annotate", "import", "tool.csv", "--clip", EMPTY, "--rater", "tool")
    assert (done.code, done.out) == (0, f"{EMPTY}: tool, 100% of the frames\n"), done.err
    assert "its last row is 20 s before the end" in done.err
    done = cli(study, "annotate", "assign", EMPTY, "rater-1")
    assert done.out == f"{EMPTY}: rater-1 (open), tool (done)\n"
    done = cli(study, "annotate", "assign", EMPTY, "rater-1", "--to", "rater-2", "--reason", "ill")
    assert done.out == f"{EMPTY}: rater-1 (taken away), rater-2 (open), tool (done)\n"
    done = cli(study, "annotate", "assign", EMPTY, "tool", "--leave-out", "--reason", "a test")
    assert "tool (left out)" in done.out
    done = cli(study, "annotate", "assign", EMPTY, "tool", "--reopen", "--reason", "ok")
    assert "tool (done)" in done.out, done.err  # nobody can go on with it: it counts again
    done = cli(study, "annotate", "assign", EMPTY, "rater-2", "--take-away", "--reason", "ill")
    assert "rater-2 (taken away)" in done.out
    refused(InputError, study, "annotate", "assign", FIRST, "rater-1", "--leave-out")  # why?
    refused(AlreadyThereError, study, "annotate", "assign", FIRST, "rater-1")
    refused(NotFoundError, study, "annotate", "assign", "none", "rater-1")
    refused(NotFoundError, study, "annotate", "assign", FIRST, "nobody")
    refused(AlreadyThereError, study, "annotate", "export", "out")
    (study.folder / "tool.csv").write_text("time_s,arousal\n0,x\n")
    again = ("import", "tool.csv", "--clip", FIRST, "--rater", "t")
    told = refused(DataError, study, "annotate", *again)
    assert "line 2: arousal 'x' is no number" in told


def test_all_of_it_is_the_same_on_postgresql(campaign, tmp_path):
    here, _ = campaign
    with postgres.postgresql() as url:
        there = open_database(url)
        made = leading.campaign(there, None, frames=(300, 140))
        left_out = made.assignments[SECOND, "rater-4"]
        change.exclude(there, None, left_out, "was interrupted", time.time_ns())
        assert export.table.tracks_csv(gathered(there)) == export.table.tracks_csv(gathered(here))
        path = one_table(tmp_path, f"clip,rater,time_s,arousal\n{EMPTY},tool,0,1.5\n")
        for database in (here, there):
            bring(database, path, time.time_ns())
        assert export.table.tracks_csv(gathered(there)) == export.table.tracks_csv(gathered(here))
        with here.reading() as ours, there.reading() as theirs:
            found = [overview(connection, tmp_path) for connection in (ours, theirs)]
        assert found[0].places == found[1].places
        assert [one.flags for one in found[0].clips] == [one.flags for one in found[1].clips]
        there.close()
