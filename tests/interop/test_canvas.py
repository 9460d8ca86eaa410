"""Scores reach the right learner in Canvas's gradebook, and nothing else in it changes."""

import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_course.interop import raw_csv
from lora_course.interop.canvas import CanvasError, Grade, merge

# As Canvas writes it: a row of remarks, the maxima, a score that is there, one excused, the test
# student, a name with a quote, a read-only column, CRLF in no place.
BOOK = '''\
Student,ID,SIS User ID,SIS Login ID,Section,Chapter 3 (111),Chapter 4 (222),Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,5.00,10.00,(read only)
"Lovelace, Ada",901,s-1,ada@uni.edu,A and B,4.00,,80.00
"Hopper, Grace ""Amazing""",902,s-2,grace,"A, B",,6.00,
"Turing, Alan",903,s-3,alan,A,,EX,
"=""=cmd|x!A1""",904,s-4,eve,A,,,
"Student, Test",905,,test,A,,,
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "book.csv").write_bytes(BOOK.encode())
    return tmp_path


def grade(learner, score=7, file="x.ipynb", most=10):
    return Grade(learner, file, score, most)


def canvas_file(name, score=7):
    return Grade(name.removesuffix(".ipynb"), name, score, 10)


def merged(folder, *grades, column="Chapter 4", book="book.csv"):
    result = merge(folder / book, grades, folder / "out.csv", column=column)
    return result, (folder / "out.csv").read_bytes().decode()


@pytest.mark.parametrize(
    "one",
    [
        grade("ada@uni.edu"),
        grade("ADA@uni.edu"),
        grade("s-1"),
        grade("901"),
        canvas_file("lovelaceada_901_5551_04_rank_selection.ipynb"),
        canvas_file("lovelaceada_LATE_901_5551_04_rank_selection-1.ipynb"),
        Grade("ada@uni.edu", "lovelaceada_901_5551_nb.ipynb", 7, 10),
    ],
)
def test_only_the_learners_cell_changes(folder, one):
    result, text = merged(folder, one)
    assert text == BOOK.replace(",4.00,,80.00", ",4.00,7,80.00")
    assert result.written == 1
    assert not (result.changed or result.unknown or result.refused)
    assert result.without == [
        'Hopper, Grace "Amazing"', "Turing, Alan", '="=cmd|x!A1"', "Student, Test"
    ]  # fmt: skip


def test_a_name_with_quotes_is_found_by_canvass_file_name(folder):
    result, text = merged(folder, canvas_file("hoppergraceamazing_902_77_a.ipynb", 8.5))
    assert ',"A, B",,8.5,\n' in text
    assert result.changed == ['Hopper, Grace "Amazing": 6.00 is now 8.5']


def test_who_is_excused_stays_excused(folder):
    result, text = merged(folder, grade("alan"), grade("ada@uni.edu"))
    assert "alan,A,,EX,\n" in text and result.written == 1
    assert result.refused == ["Turing, Alan: Canvas says EX, which stays"]


def test_grades_of_nobody_are_reported_and_go_nowhere(folder):
    result, text = merged(folder, grade("bob", file="bob/a.ipynb"), canvas_file("xy_999_1_a.ipynb"))
    assert text == BOOK
    assert result.unknown == ["bob/a.ipynb (bob)", "xy_999_1_a.ipynb (xy_999_1_a)"]


def test_a_number_with_another_learners_name_is_refused(folder):
    result, text = merged(folder, canvas_file("turingalan_901_5_a.ipynb"))
    assert text == BOOK
    assert "number 901 is Lovelace, Ada" in result.refused[0]


def test_a_file_name_that_a_learner_made_up_counts_for_nobody(folder):
    result, text = merged(folder, grade("mallory", file="mallory/lovelaceada_901_1_a.ipynb"))
    assert text == BOOK and len(result.unknown) == 1
    result = merge(
        folder / "book.csv",
        [Grade("grace", "lovelaceada_901_1_a.ipynb", 0, 10)],
        folder / "other.csv",
        column="222",
    )
    assert "could be Lovelace, Ada or Hopper, Grace" in result.refused[0]
    assert (folder / "other.csv").read_text() == BOOK


def test_an_id_of_two_learners_is_refused(folder):
    (folder / "book.csv").write_text(BOOK.replace("902,s-2", "902,901"))
    result, text = merged(folder, grade("901"))
    assert "could be Lovelace, Ada or Hopper" in result.refused[0]
    assert text == BOOK.replace("902,s-2", "902,901")


def test_two_files_of_one_learner_are_refused(folder):
    two = grade("s-1", 3, "a.ipynb"), grade("ada@uni.edu", 9, "b.ipynb")
    result, text = merged(folder, *two, grade("eve", 1))
    problem = "Lovelace, Ada: has 2 graded files, a.ipynb (3), b.ipynb (9); keep one"
    assert result.refused == [problem]
    assert result.written == 1 and ",4.00,,80.00" in text


@pytest.mark.parametrize("mark", ["", raw_csv.MARK])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_other_ways_to_write_the_file_are_kept(folder, mark, end, delimiter):
    rows = list(csv.reader(io.StringIO(BOOK)))
    rows[2][6] = "10,00" if delimiter == ";" else "10.00"
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=end).writerows(rows)
    book = mark + written.getvalue()
    (folder / "book.csv").write_bytes(book.encode())
    _, text = merged(folder, grade("eve", 10))
    row = delimiter.join(["904", "s-4", "eve", "A", "", "{}", ""])
    assert text == book.replace(row.format(""), row.format("10")) != book


def test_first_and_last_names_in_columns_of_their_own(folder):
    book = "LastName,FirstName,ID,SIS Login ID,Section,Ch (5)\n  Points Possible,,,,,10\n"
    book += "Lovelace,Ada,901,ada,A,\n"
    (folder / "book.csv").write_text(book)
    _, text = merged(folder, canvas_file("lovelaceada_901_1_a.ipynb"), column=None)
    assert text == book.replace("ada,A,", "ada,A,7")


@pytest.mark.parametrize("column", ["Chapter 4 (222)", "Chapter 4", "222", " Chapter 4 "])
def test_a_column_can_be_named_in_three_ways(folder, column):
    assert merged(folder, grade("s-1"), column=column)[0].written == 1


@pytest.mark.parametrize(
    ("book", "column", "words"),
    [
        ("", "222", "is empty"),
        (" \n", "222", "is empty"),
        ("Name,Score\nAda,3\n", "222", "no columns Student (or LastName and FirstName) and ID"),
        (BOOK.replace("ID,SIS User ID", "SIS User ID,SIS User ID"), "222", "no columns Student"),
        (BOOK.replace("SIS Login ID", "SIS User ID"), "222", "'SIS User ID' more than once"),
        (BOOK.replace('"Turing', '"Turing" x'), "222", "line 6: a quote"),
        (BOOK + '"open', "222", "line 9: a quote"),
        (BOOK + "Short,906,s-6\n", "222", "line 9: has 3 cells, the heading 8"),
        (BOOK, None, "None could be more than one of"),
        (BOOK, "Chapter 5", "is none of the assignments in book.csv: 'Chapter 3 (111)', 'Chap"),
        (BOOK, "Final Score", "is none of"),
        (BOOK.replace("5.00,10.00", "(read only),10.00"), "Chapter 3", "is none of"),
        (BOOK.replace("10.00", "100.00"), "222", "has 100 points possible, x.ipynb was"),
    ],
)  # fmt: skip
def test_a_gradebook_or_column_that_will_not_do_is_explained(folder, book, column, words):
    (folder / "book.csv").write_text(book)
    with pytest.raises(CanvasError) as caught:
        merged(folder, grade("s-1"), column=column)
    assert words in str(caught.value)
    assert not (folder / "out.csv").exists()


def test_another_encoding_a_missing_file_and_no_grades_are_explained(folder):
    (folder / "latin.csv").write_bytes(BOOK.replace("Ada", "Àda").encode("latin-1"))
    with pytest.raises(CanvasError, match="not in UTF-8"):
        merged(folder, grade("s-1"), book="latin.csv")
    with pytest.raises(CanvasError, match=r"missing\.csv'.*cannot be read"):
        merged(folder, grade("s-1"), book="missing.csv")
    with pytest.raises(CanvasError, match="there are none"):
        merged(folder)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -1, 11])
def test_a_score_that_is_none_is_refused(folder, score):
    with pytest.raises(CanvasError, match=r"x\.ipynb: score="):
        merged(folder, grade("s-1", score))
    assert not (folder / "out.csv").exists()


def test_the_gradebook_is_never_written_to(folder):
    os.link(folder / "book.csv", folder / "same.csv")
    (folder / "link.csv").symlink_to("book.csv")
    for name in ("book.csv", "same.csv", "link.csv"):
        with pytest.raises(CanvasError, match="exists already"):
            merge(folder / "book.csv", [grade("s-1")], folder / name, column="222")
    assert (folder / "book.csv").read_text() == BOOK


CELLS = st.text(st.sampled_from('ab1 ,;"\n=é'), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=5), st.sampled_from(",;"))
def test_any_csv_is_read_as_python_reads_it_and_written_as_it_was(rows, delimiter):
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    table = raw_csv.read(written.getvalue(), delimiter)
    assert table.text() == written.getvalue()
    values = [[row.value(place) for place in range(len(row.raw))] for row in table.rows]
    assert values == [[cell.strip() for cell in row] for row in rows]
