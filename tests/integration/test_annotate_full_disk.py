"""A disk that is full under the annotations: it is told, and nothing acknowledged is lost."""

import shutil

import annotating
import places
import sqlalchemy as sa

from annotate_web.db import tables

BATCH = 200


def batch_from(first):
    return [annotating.event(n, "arousal", n, n % 5) for n in range(first, first + BATCH)]


def test_what_finds_no_room_is_not_acknowledged_and_is_taken_once_there_is_some(tmp_path):
    with places.small_disk(tmp_path / "disk") as disk:
        disk.holds(20_000)
        url = f"sqlite:///{disk.folder / 'annotations.sqlite'}"
        with annotating.served(tmp_path, url=url) as server:
            (user,) = annotating.add_people(server.database, "ann")
            clip = annotating.add_clip(server.database, "clip", frames=100_000)
            assignment = annotating.assign(server.database, clip, user)
            browser = server.as_user(user)
            sitting = browser.open(assignment)
            disk.holds(shutil.disk_usage(disk.folder).used // 1024 + 300)
            acknowledged = 0
            while (answer := browser.send(sitting, *batch_from(acknowledged + 1))).status == 200:
                acknowledged += BATCH
                assert answer.json["acknowledged"] == acknowledged
            assert acknowledged > 0
            assert answer.status == 503
            assert "cannot read or keep" in answer.json["error"]
            assert str(disk.folder) not in answer.text  # which is for whoever runs it
            page = server.browser().log_in("ann")
            assert (page.status, str(disk.folder) in page.text) == (503, False)
            log = (tmp_path / "server.log").read_text()
            assert "database or disk is full; check the disk it is on: room" in log
            told = browser.get(f"/api/sittings/{sitting}")  # who only looks needs no room
            assert told.json["acknowledged"] == acknowledged
            disk.holds(20_000)
            again = browser.send(sitting, *batch_from(acknowledged + 1))
            assert again.json["acknowledged"] == acknowledged + BATCH
            with server.database.reading() as connection:
                kept = connection.scalars(
                    sa.select(tables.events.c.seq).order_by(tables.events.c.seq)
                ).all()
            assert kept == list(range(1, acknowledged + BATCH + 1))
            assert "Traceback" not in (tmp_path / "server.log").read_text()
