"""Tests that share what takes long to make run in one process; all others are free."""

import scheduling

FOLDER = "tests/integration/faces"


def test_the_files_of_a_folder_belong_together():
    assert scheduling.together(f"{FOLDER}/test_told.py::test_it[a/b::c]") == FOLDER
    assert scheduling.together(f"{FOLDER}/test_again.py::test_it") == FOLDER


def test_any_other_file_belongs_to_itself(request):
    files = {item.nodeid.partition("::")[0] for item in request.session.items}
    alone = {file for file in files if file.count("/") == 2}
    assert "tests/unit/test_scheduling.py" in alone
    assert all(scheduling.together(f"{file}::test_it") == file for file in alone)


def test_a_process_is_given_all_of_a_folder(request):
    """What the folders' fixtures make for a session is then made once."""
    hook = request.config.hook.pytest_xdist_make_scheduler
    (plugin,) = [each.plugin for each in hook.get_hookimpls()]
    assert plugin.scheduling is scheduling
