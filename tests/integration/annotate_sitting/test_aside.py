"""What the server would not take: it is sent once that helps, or saved, by whoever did it."""

import json

import pytest
import sat
import sqlalchemy as sa

from annotate_web.db.tables import events, sittings


@pytest.fixture
def unknown(desk, sit):
    """A sitting that the server does not know any more; return page, assignment, and what knows."""
    page, assignment = sit()
    sat.begin(page)
    page.keyboard.press("w")
    page.keyboard.press("Space")
    sat.saved(page)
    with desk.database.writing() as connection:
        kept = [
            (
                table,
                [dict(row) for row in connection.execute(sa.select(table).where(mine)).mappings()],
            )
            for table, mine in (
                (sittings, sittings.c.assignment_id == assignment),
                (
                    events,
                    events.c.sitting_id.in_([row.sitting_id for row in desk.events(assignment)]),
                ),
            )
        ]
        for table, rows in reversed(kept):
            key = table.c.id if table is sittings else table.c.sitting_id
            name = rows[0]["id" if table is sittings else "sitting_id"]
            connection.execute(sa.delete(table).where(key == name))
    page.keyboard.press("w")
    sat.shown(page, "could not be taken by the server")

    def know():
        with desk.database.writing() as connection:
            for table, rows in kept:
                connection.execute(sa.insert(table), rows)

    return page, assignment, know


def test_it_can_be_saved_from_the_list_and_let_go_of(desk, unknown):
    page, _, _ = unknown
    done = page.evaluate("taverSitting.number")
    page.goto(f"{desk.server.address}/")
    sat.shown(page, f"{done} of your entries could not be taken")
    remove = page.get_by_role("button", name="remove these entries")
    assert not remove.is_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a file").click()
    kept = json.loads(saved.value.path().read_text())
    assert [event["seq"] for event in kept] == list(range(1, done + 1))
    assert (kept[-1]["kind"], kept[-1]["value"]) == ("arousal", 2)
    remove.click()
    page.locator("#aside").wait_for(state="hidden")
    page.reload(wait_until="networkidle")
    assert not page.get_by_text("of your entries").is_visible()


def test_it_is_sent_by_itself_once_the_server_knows_the_sitting_again(desk, unknown):
    page, assignment, know = unknown
    desk.open(page, assignment)  # anew: what was before is set aside as a whole
    sat.shown(page, "could not be taken by the server")
    know()
    other = desk.annotator()
    cookies = page.context.cookies()
    desk.log_in(page.context, other)
    page.goto(f"{desk.server.address}/")
    page.get_by_text("given no clip yet").wait_for()
    page.wait_for_load_state("networkidle")
    assert not page.locator("#aside").is_visible()  # it is not theirs
    page.context.add_cookies(cookies)
    with page.expect_navigation(), page.expect_response("**/events"):  # then it shows how it is
        page.goto(f"{desk.server.address}/")
    page.locator("#aside").wait_for(state="hidden")
    assert [row.value for row in desk.told(assignment, "arousal")] == [1, 2]
