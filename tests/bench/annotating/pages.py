"""Every page of the annotator looked at by axe, in light and dark, by whoever may see it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import annotating
import browsing
import routes
from axe_playwright_python.sync_playwright import Axe

from annotate_web.exchange.bring import bring

if TYPE_CHECKING:
    from pathlib import Path

# Who looks, and at what: every page that answers with HTML, and one that is not there.
SEEN = {
    "anonymous": ("/login", "/invite/{token}", "/nowhere"),
    "ann": ("/", "/account/", "/account/password", "/instructions/", "/instructions/1",
            "/instructions/2", "/instructions/3", "/practice/{practice}", "/sitting/{assignment}"),
    "adam": ("/lead/", "/lead/clips/{clip}", "/lead/clips/{rated}", "/people/"),
}  # fmt: skip
# Films and tables: no pages.
NO_PAGES = (".webm", ".css", ".json", ".svg", ".csv", ".<ending>", "/static/", "/api/")


def measured(quick: bool, folder: Path) -> dict[str, Any]:
    """Count what axe finds; the quick way looks in the light alone."""
    looks = ("light",) if quick else ("light", "dark")
    found = violations(folder, looks)
    for line in found:
        print(line, file=sys.stderr)
    return {"axe_violations": len(found)}


def forgotten() -> set[str]:
    """Return pages that are in the server's table of routes and not looked at here."""
    looked_at = {path for paths in SEEN.values() for path in paths}
    pages = {
        entrance.path
        for entrance in routes.ENTRANCES
        if entrance.method == "GET" and not any(part in entrance.rule for part in NO_PAGES)
    }
    return pages - looked_at


def violations(folder: Path, looks: tuple[str, ...]) -> list[str]:
    """Return every violation in words; a page that nobody looks at is one, too."""
    found = [f"{path}: not looked at" for path in sorted(forgotten())]
    with annotating.served(folder) as server, browsing.browser() as browser:
        names = routes._furnished(server)
        rated = annotating.add_clip(server.database, "rated", frames=60, session="s03")
        table = folder / "ratings.csv"
        lines = [f"rated,tool-{n},{t},{n * t},{-t}" for n in (1, 2) for t in range(5)]
        table.write_text("\n".join(["clip,rater,time_s,arousal,valence", *lines]))
        bring(server.database, table, time.time_ns())
        names["rated"] = str(rated)
        for name, paths in SEEN.items():
            person = None if name == "anonymous" else server.as_user(int(names[name]))
            for look in looks:
                context = browser.new_context(color_scheme=look)
                if person is not None:
                    cookie = {"name": "taver", "value": person.cookies["taver"]}
                    context.add_cookies([{**cookie, "url": server.address}])
                page = context.new_page()
                for path in paths:
                    page.goto(server.address + path.format(**names), wait_until="load")
                    for part in page.locator("details").all():
                        part.evaluate("one => { one.open = true; }")
                    for wrong in Axe().run(page).response["violations"]:
                        where = "; ".join(node["html"][:100] for node in wrong["nodes"][:3])
                        found.append(f"{path} ({look}): {wrong['id']}: {where}")
                context.close()
    return found
