"""One server with films, and one browser; all tests beside this share them."""

import pytest
import sat
from browsing import browser as started


@pytest.fixture(scope="session")
def browser():
    with started() as browser:
        yield browser


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    with sat.desk(tmp_path_factory.mktemp("Sitzung für 세션")) as desk:
        yield desk


@pytest.fixture
def sit(desk, browser):
    """Open a new clip for a new person; return page and assignment."""
    pages = []

    def sit(*, context=None, **clip):
        user = desk.annotator()
        assignment = desk.given(user, **clip)
        page = desk.page(browser, user, **(context or {}))
        pages.append(page)
        return desk.open(page, assignment), assignment

    yield sit
    for page in pages:
        page.context.close()
