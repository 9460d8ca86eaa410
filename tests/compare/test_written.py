import csv
import html
import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from lora_course.compare.records import FULL, HEAD, METRICS, Comparison, Metric, Run
from lora_course.compare.rows import in_order
from lora_course.compare.written import as_csv, as_json, from_json, summary, write

FILES = ["results.csv", "results.json", "figure.png", "figure.svg", "report.html"]
HELD = {HEAD: 0.6, 4: 0.7, 8: 0.8, 16: 0.801, FULL: 0.81}


def run(rank, seed, **fields):
    size = rank if isinstance(rank, int) else 0
    memory = {"weights": 1.0, "total": 20.0 + size, "predicted_total": 19.0 + size}
    values = {
        "rank": rank,
        "seed": seed,
        "learning_rate": 3e-3,
        "alpha": float(size),
        "trainable_params": 1000 * size + 2,
        "score": HELD[rank] + 0.01 * seed + 0.002 * ((seed + size // 8) % 2),
        "train_score": HELD[rank] + 0.02 + 0.01 * seed,
        "test_loss": 0.5,
        "train_loss": 0.4,
        "curve": tuple(0.4 + 0.3 * math.exp(-i / 4) for i in range(40)),
        "steps": 100,
        "examples_seen": 2.0,
        "cpu_seconds": 1 / 3,
        "wall_seconds": 0.2,
        "memory_mb": memory,
    }
    return Run(**{**values, **fields})


def comparison(runs=None, **fields):
    runs = [run(r, s) for s in (2, 0, 1) for r in HELD] if runs is None else runs
    facts = {"model": "tiny", "seeds": [0, 1, 2], "data hash": "abc", "versions": {"torch": "2.8"}}
    whole = Comparison("A title", METRICS["accuracy"], tuple(runs), facts, (), len(runs))
    return replace(whole, **fields)


def page(folder, what):
    write(what, folder)
    text = (folder / "report.html").read_text()
    Balanced().feed(text)
    assert "<script" not in text.lower() and "http://" not in text and "https://" not in text
    return text


class Balanced(HTMLParser):
    """Every element is closed in its turn, and none brings code."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_five_files_and_the_same_bytes_again(tmp_path):
    what = comparison()
    paths = write(what, tmp_path / "a" / "b")
    assert [path.name for path in paths] == FILES
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == sorted(FILES)
    first = [path.read_bytes() for path in paths]
    again = replace(what, runs=tuple(reversed(what.runs)))
    assert [path.read_bytes() for path in write(again, tmp_path / "c")] == first
    assert [path.read_bytes() for path in write(what, tmp_path / "a" / "b")] == first


def test_csv_has_a_line_a_run_in_a_fixed_order():
    lines = list(csv.DictReader(as_csv(comparison()).splitlines()))
    assert [(line["rank"], line["seed"]) for line in lines] == [
        (str(rank), str(seed)) for rank in HELD for seed in (0, 1, 2)
    ]
    assert lines[3]["cpu_seconds"] == repr(1 / 3) and lines[3]["total_mb"] == "24.0"


def test_json_tells_everything_in_full_precision():
    content = json.loads(as_json(comparison()))
    assert content["facts"]["versions"] == {"torch": "2.8"}
    assert content["runs"][0]["rank"] == HEAD and content["runs"][0]["cpu_seconds"] == 1 / 3
    assert content["choice"]["rank"] == 8 and content["choice"]["reasons"]
    assert [row["rank"] for row in content["summary"]] == list(HELD)
    assert content["diagnoses"][0]["evidence"] and content["paired_seeds"] == [0, 1, 2]


def test_the_page_answers_at_the_top_and_marks_by_words(tmp_path):
    text = page(tmp_path, comparison())
    assert text.index("Choose rank 8: ") < text.index("<figure>") < text.index("<table>")
    assert text.count(">chosen<") == 1 and text.count(">for comparison<") == 2
    assert 'name="viewport"' in text and "prefers-color-scheme: dark" in text
    assert "r=8 held out 0.81" in text and "<dt>data hash</dt><dd>abc</dd>" in text
    assert "Unfinished" not in text


EVIL = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"


def test_hostile_names_stay_text(tmp_path):
    what = comparison(
        [run(r, s, memory_mb={EVIL: 1.0, "=cmd()": 2.0}) for r in HELD for s in (0, 1)],
        title=EVIL,
        metric=Metric(EVIL + "$\\frac{", True, EVIL),
        facts={EVIL: {EVIL: [EVIL]}},
        notes=(EVIL,),
    )
    text = page(tmp_path, what)
    assert "<img src=x" not in text and html.escape(EVIL) in text
    assert "<script" not in (tmp_path / "figure.svg").read_text().lower()
    json.loads((tmp_path / "results.json").read_text())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n@", "x\r=", " ="])
def test_a_spreadsheet_runs_no_cell(start):
    bad = start + "cmd|' /C calc'!A0"
    runs = [run(4, 0, memory_mb={bad: -1.5}, score=-0.25)]
    rows = list(csv.reader(as_csv(comparison(runs, metric=Metric(bad, True))).splitlines(True)))
    cells = [cell.strip() for cell in (*rows[0], *rows[1]) if "cmd" in cell]
    assert len(rows) == 2 and len(cells) == 2
    assert all(cell.startswith(("'", "x")) for cell in cells)
    assert "-0.25" in rows[1] and "-1.5" in rows[1]  # numbers stay numbers


def test_unknown_memory_is_a_dash(tmp_path):
    text = page(tmp_path, comparison([run(r, s, memory_mb={}) for r in HELD for s in (0, 1)]))
    assert text.count("<td>—</td>") == 2 * 5 + 2  # two columns; the ends are not compared


def test_an_unfinished_comparison_says_so(tmp_path):
    what = comparison(comparison().runs[:7], wanted=15)
    text = page(tmp_path, what)
    assert "7 of 15 runs" in text and text.index("Unfinished") < text.index("<figure>")
    assert "Cannot tell yet; for now take rank" in text and ">for now<" in text
    assert "Left out of means and choice" in text


def test_nothing_finished_yet(tmp_path):
    text = page(tmp_path, comparison([], wanted=15))
    assert "nothing is finished" in text and "0 of 15 runs" in text and "<table" not in text
    assert json.loads((tmp_path / "results.json").read_text())["choice"] is None
    assert summary(comparison([])).startswith("Cannot tell yet")


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([run(r, 0) for r in HELD], "for now take rank 8"),
        ([run(HEAD, 0), run(FULL, 0), run(FULL, 1)], "no seed has been run at every rank"),
        ([run(4, 0), run(8, 1)], "no seed has been run at every rank"),
        ([run(8, 0)], "for now take rank 8"),
        ([run(4, 0, score=math.nan), run(8, 0)], "Rank 4, seed 0 diverged"),
        ([run(4, 0, score=math.inf)], "diverged"),
        ([run(HEAD, s, steps=0, curve=(), trainable_params=0) for s in (0, 1)], "no training"),
    ],
)
def test_little_to_show(tmp_path, runs, words):
    assert words in page(tmp_path, comparison(runs))
    assert "NaN" not in (tmp_path / "results.json").read_text()
    assert summary(comparison(runs))


def test_lower_is_better(tmp_path):
    runs = [run(r, s, score=2 - HELD[r] + 0.01 * s) for r in HELD for s in (0, 1, 2)]
    text = page(tmp_path, comparison(runs, metric=METRICS["bits-per-byte"]))
    assert "Lower is better" in text and "bits-per-byte (bits)" in text
    assert "falling" in text  # rank 16, the largest, is exactly 0.001 lower at every seed


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    write(comparison(), tmp_path)
    before = (tmp_path / "results.csv").read_bytes()

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write(comparison([]), tmp_path)
    assert (tmp_path / "results.csv").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)


def test_the_summary_for_a_terminal():
    text = summary(comparison())
    assert text.startswith("Choose rank 8") and "head only" in text and "Try next" in text


def test_the_json_reads_back_to_the_same_comparison():
    runs = [run(r, s) for s in (0, 1) for r in HELD]
    runs[3] = replace(runs[3], score=math.nan, curve=(0.5, math.nan))
    text = as_json(comparison(in_order(runs)))
    again = from_json(text)
    assert as_json(again) == text
    assert math.isnan(again.runs[-1].score) or any(math.isnan(r.score) for r in again.runs)
    assert again.metric == METRICS["accuracy"] and again.runs[0] == in_order(runs)[0]
    with pytest.raises(ValueError, match="format=7"):
        from_json(text.replace('"format": 2', '"format": 7'))


@pytest.mark.parametrize(
    "changes", [{"metric": 3}, {"metric": {}}, {"runs": [1]}, {"runs": [{}]}, {"rates": None}]
)
def test_damaged_json_is_refused(changes):
    content = json.loads(as_json(comparison()))
    with pytest.raises(ValueError, match="is damaged"):
        from_json(json.dumps(content | changes))
    with pytest.raises(ValueError, match="this version"):
        from_json("[]")
