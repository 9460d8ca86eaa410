"""Which files count, whose they are, and what the table makes of them."""

import csv
import io
import os
import subprocess
from dataclasses import replace

import pytest

from lora_course.grading import table
from lora_course.grading.folder import FolderError, learner_of, read_roster, submissions
from lora_course.grading.grade import Job, blank
from lora_course.grading.records import Flag

ROSTER = {"12": "Ada", "123": "Ben", "ada@x.org": "Ada", "odd/file.ipynb": "Cleo"}


@pytest.mark.parametrize(
    ("file", "learner"),
    [
        ("lovelaceada_12_999_04_rank_selection.ipynb", "Ada"),
        ("lovelaceada_LATE_123_999_04.ipynb", "Ben"),
        ("ada@x.org.ipynb", "Ada"),
        ("Ada Lovelace_12_assignsubmission_file_/04.ipynb", "Ada"),
        ("odd/file.ipynb", "Cleo"),
        ("someone.ipynb", "someone"),
        ("someone/04.ipynb", "someone"),
        ("12_123.ipynb", "12_123"),  # two learners: nobody is guessed
        ("1234.ipynb", "1234"),
        ("12/123.ipynb", "Ada"),  # the folder is the platform's, the file's name the learner's
        ("week 1/123.ipynb", "Ben"),
        ("12 and 123/123.ipynb", "12 and 123"),
    ],
)
def test_whose_a_file_is(file, learner):
    assert learner_of(file, ROSTER) == learner


UNDERSCORES = {"j_smith": "Jo", "smith": "Sam", "a_b": "Al", "b_c": "Bo", "x.y+z-1@q_r": "Xi"}


@pytest.mark.parametrize(
    ("file", "learner"),
    [
        ("j_smith_04.ipynb", "Jo"),
        ("04_j_smith.ipynb", "Jo"),
        ("j_smith/04.ipynb", "Jo"),
        ("04 (j_smith).ipynb", "Jo"),
        ("smith_04.ipynb", "Sam"),
        ("aj_smith_04.ipynb", "Sam"),
        ("j_smiths_04.ipynb", "j_smiths_04"),
        ("j_smith_and_smith.ipynb", "j_smith_and_smith"),  # two learners, each by an own word
        ("j_smith_and_j_smith.ipynb", "Jo"),
        ("a_b_c.ipynb", "a_b_c"),  # two that overlap
        ("04_x.y+z-1@q_r_late.ipynb", "Xi"),
    ],
)
def test_ids_with_underscores(file, learner):
    assert learner_of(file, UNDERSCORES) == learner


def test_files_of_systems_are_passed_over(tmp_path):
    for name in ("a.ipynb", "b/a.ipynb", "b/.ipynb_checkpoints/a.ipynb", ".DS_Store", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = submissions(tmp_path)
    assert [one.file for one in found] == ["a.ipynb", "b/a.ipynb", "loop", "notes.txt"]
    assert len({one.page for one in found}) == 4


@pytest.mark.parametrize(
    "name", ["=cmd.ipynb", "../x".replace("/", "%2f"), "a\nb", "名", "-", "x" * 250]
)
def test_pages_have_safe_names(tmp_path, name):
    (tmp_path / name).write_text("")
    (one,) = submissions(tmp_path)
    assert one.page.isascii() and one.page.replace("-", "").isalnum()
    assert not one.page.startswith("-") and len(one.page) < 80


def test_names_in_another_encoding_stay_two(tmp_path):
    for name in (b"M\xfcller.ipynb", b"M\xf6ller.ipynb"):
        with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:  # noqa: PTH118, PTH123
            file.write("{}")
    one, two = submissions(tmp_path)
    assert one.file != two.file and one.page != two.page
    (one.file + two.file).encode("utf-8")


def test_folders_without_end_stop_nothing(tmp_path):
    (tmp_path / "a.ipynb").write_text("{}")
    start = os.open(tmp_path, os.O_RDONLY)
    here = os.open(".", os.O_RDONLY)
    try:
        os.fchdir(start)
        for _ in range(2200):
            os.mkdir("dd")  # noqa: PTH102
            os.chdir("dd")
    finally:
        os.fchdir(here)
    found = submissions(tmp_path)
    assert [one.file for one in found if one.file == "a.ipynb"] and len(found) == 2
    subprocess.run(["rm", "-rf", str(tmp_path / "dd")], check=True)


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(FolderError, match="is not a folder"):
        submissions(tmp_path / "nothing")
    with pytest.raises(FolderError, match="holds no files"):
        submissions(tmp_path)


def roster(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return read_roster(path)


def test_a_roster(tmp_path):
    text = "learner,id,file\nAda,12,\nBen,,b.ipynb\n"
    assert roster(tmp_path, text, "utf-8-sig") == {"12": "Ada", "b.ipynb": "Ben"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has columns (none)"),
        ("name,id\nAda,1\n", "needs learner"),
        ("learner\nAda\n", "id or file"),
        ("learner,id\nAda,1\nBen,1\n", "line 3: '1' belongs to 'Ada' and to 'Ben'"),
        ("learner,id\n ,1\n", "line 2: the learner is empty"),
    ],
)
def test_a_roster_that_cannot_be_used(tmp_path, text, words):
    with pytest.raises(FolderError, match="roster") as error:
        roster(tmp_path, text)
    assert words in str(error.value)


def test_a_roster_in_another_encoding(tmp_path):
    with pytest.raises(FolderError, match="cannot be read"):
        roster(tmp_path, "learner,id\nÅsa,1\n", "latin-1")


def test_rows_are_whole_and_harmless():
    job = Job("", "=HYPERLINK(1)\n.ipynb", "@SUM(1+1)", 4, "seed")
    questions = list(blank(job).results)
    flagged = replace(blank(job), flags=(Flag(3, "changes a module: torch.x = 1"), Flag(0, "=1")))
    text = table.header(questions) + table.row(flagged) + table.missing("-x", questions)
    text += table.waiting("=a", "-x", questions)
    assert {len(row) for row in csv.reader(io.StringIO(text))} == {8 + len(questions)}
    first, absent, waiting = csv.DictReader(io.StringIO(text))
    assert first["file"].startswith("'=") and first["learner"].startswith("'@")
    assert (first["score"], first["max"], first["choice"]) == ("0", "13", "0")
    assert table.cell("x;=HYPERLINK(1)") == "x;'=HYPERLINK(1)"
    assert (absent["learner"], absent["status"]) == ("'-x", "no submission")
    assert (waiting["file"], waiting["score"]) == ("'=a", "")
    assert waiting["status"] == "not graded yet"
    assert first["flags"] == "cell 3 changes a module: torch.x = 1; =1"


def test_a_file_named_for_another_learner_is_not_theirs_where_they_have_one(tmp_path):
    for name in ("12_x/04.ipynb", "someone_7/12.ipynb", "someone_8/123.ipynb"):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text("{}")
    found = {one.file: one.learner for one in submissions(tmp_path, ROSTER)}
    assert found == {
        "12_x/04.ipynb": "Ada",
        "someone_7/12.ipynb": "someone_7",
        "someone_8/123.ipynb": "Ben",  # who has no other: it may be an instructor's folder
    }
