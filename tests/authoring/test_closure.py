"""What a chapter's runs depend on: all that it imports, and nothing of another chapter's."""

import shutil

import pytest

from lora_course.authoring import closure as module
from lora_course.authoring.closure import closure, fingerprint
from lora_course.chapters.rooms import Room
from tests.conftest import ROOMS, ROOT


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The course's package and what else counts, in a folder where it can be changed."""
    shutil.copytree(ROOT / "lora_course", tmp_path / "lora_course")
    for name in module.ALWAYS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    module._imported.cache_clear()
    yield tmp_path
    module._imported.cache_clear()


def room_in(folder, room):
    return Room(folder / "lora_course" / "chapters" / room.name)


def test_each_chapter_depends_on_its_room_the_layer_and_no_other_room(room):
    names = {path.relative_to(ROOT).as_posix() for path in closure(room)}
    own = f"lora_course/chapters/{room.name}/"
    assert {f"{own}chapter.py", f"{own}questions.py"} <= names
    assert {"lora_course/checks/question.py", "requirements/lock.txt"} <= names
    assert f"{own}built.json" not in names
    others = [other.name for other in ROOMS if other != room]
    assert not [name for name in names if any(f"/{other}/" in name for other in others)]


def test_what_the_style_shift_reads_counts_where_it_is_used():
    users = [room for room in ROOMS if "tasks.style" in room.source.read_text(encoding="utf-8")]
    model = ROOT / "lora_course" / "models" / "prose-1m" / "model.safetensors"
    assert users and all(model in closure(room) for room in users)


@pytest.mark.parametrize(
    "name",
    [
        *("lora_course/core/layers.py", "lora_course/models/prose-1m/config.json"),
        *("requirements/lock.txt", "lora_course/authoring/cell_clock.py"),
    ],
)
def test_a_change_of_what_all_use_is_another_run_for_all(copy, name):
    room = room_in(copy, ROOMS[0])
    before = fingerprint(room)
    with (copy / name).open("ab") as file:
        file.write(b"\n")
    assert fingerprint(room) != before


def test_a_change_of_one_chapters_text_is_another_run_for_it_alone(copy):
    first, second = (room_in(copy, room) for room in ROOMS[:2])
    before = fingerprint(first), fingerprint(second)
    with first.source.open("a", encoding="utf-8") as file:
        file.write("#\n")
    assert fingerprint(first) != before[0] and fingerprint(second) == before[1]


def test_another_python_is_another_run(copy, monkeypatch):
    room = room_in(copy, ROOMS[0])
    before = fingerprint(room)
    monkeypatch.setattr(module.sys, "version_info", (3, 99, 0, "final", 0))
    assert fingerprint(room) != before


def test_more_files_count_where_they_are_given(copy):
    room, more = room_in(copy, ROOMS[0]), copy / "more.txt"
    more.write_text("1")
    before = fingerprint(room, more)
    more.write_text("2")
    assert fingerprint(room, more) != before != fingerprint(room)


def test_what_programs_leave_behind_and_authors_tools_read_is_no_data(room):
    names = [path.relative_to(ROOT).as_posix() for path in closure(room)]
    assert not [name for name in names if "__pycache__" in name or "/skeleton/" in name]


def test_every_folder_of_sources_is_a_package():
    """Else it would count as data of the package around it."""
    folders = {path.parent for path in (ROOT / "lora_course").rglob("*.py")}
    assert folders and not [folder for folder in folders if not (folder / "__init__.py").exists()]
