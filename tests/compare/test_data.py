"""What a practitioner sees of `compare.data`: texts and labels as written, or a clear word."""

import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lora_course.compare.data import DataError, DataSource, digest, load
from lora_course.compare.records import TextData

TRAIN = [(f"train text {i}", "good" if i % 2 else "bad") for i in range(30)]
TEST = [(f"test text {i}", "good" if i % 2 else "bad") for i in range(12)]


def as_csv(rows, header=("text", "label"), delimiter=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue()


def as_jsonl(rows, header=("text", "label"), **options):
    return "".join(
        json.dumps(dict(zip(header, row, strict=True)), **options) + "\n" for row in rows
    )


@pytest.fixture
def give(tmp_path, monkeypatch):
    """Write files and load them: give(train="a.csv", test=...) with their contents beside."""
    monkeypatch.chdir(tmp_path)

    def run(train, test=None, ending=".csv", **options):
        names = {}
        for part, content in (("train", train), ("test", test)):
            if content is not None:
                name = f"{part}{ending}"
                data = content if isinstance(content, bytes) else content.encode()
                (tmp_path / name).write_bytes(data)
                names[part] = name
        return load(DataSource(**names, **options))

    return run


def refused(run, *parts):
    """The message of the DataError, which holds each of `parts`."""
    with pytest.raises(DataError) as caught:
        run()
    message = str(caught.value)
    for part in parts:
        assert part in message, f"{part!r} is not in: {message}"
    assert "\n" not in message and "\x1b" not in message
    return message


def parquet(path, **columns):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)


def test_importing_is_light():
    code = "import sys, lora_course.compare.data; print({'datasets', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# ---- What comes back


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".ndjson", ".CSV"])
def test_texts_and_labels_of_two_files(give, ending):
    write = as_jsonl if "n" in ending or "l" in ending else as_csv
    options = {"delimiter": "\t"} if ending == ".tsv" else {}
    data = give(write(TRAIN, **options), write(TEST, **options), ending)
    assert isinstance(data, TextData) and data.classification
    assert data.name == f"train{ending}"
    assert data.label_names == ("bad", "good")
    assert list(zip(data.train, data.train_labels, strict=True)) == [
        (t, int(n == "good")) for t, n in TRAIN
    ]
    assert list(zip(data.test, data.test_labels, strict=True)) == [
        (t, int(n == "good")) for t, n in TEST
    ]
    assert data.notes == ()


def test_parquet(tmp_path):
    for name, rows in (("train", TRAIN), ("test", TEST)):
        texts, labels = zip(*rows, strict=True)
        parquet(tmp_path / f"{name}.parquet", other=[[1]] * len(rows), text=texts, label=labels)
    data = load(DataSource(str(tmp_path / "train.parquet"), str(tmp_path / "test.parquet")))
    assert list(data.train) == [text for text, _ in TRAIN]
    assert data.label_names == ("bad", "good")


def test_plain_text_is_a_text_a_paragraph(give):
    train = "\r\n \r\n".join(f"  paragraph {i}\r\nsecond line" for i in range(25)) + "\r\n"
    test = "\n\n\n".join(f"test {i}" for i in range(10))
    data = give(train, test, ".txt")
    assert not data.classification and data.label_names == ()
    assert data.train[1] == "  paragraph 1\nsecond line"
    assert list(data.test) == [f"test {i}" for i in range(10)]


@pytest.mark.parametrize(
    ("header", "options"), [(("text",), {}), (("text", "label"), {"label_column": "none"})]
)
def test_language_modelling_without_labels(give, header, options):
    data = give(as_csv([row[: len(header)] for row in TRAIN], header), as_csv(TEST), **options)
    assert not data.classification and data.train_labels is None and data.test_labels is None


def test_columns_can_be_chosen(give):
    rows = as_csv([("x", *row) for row in TRAIN], ("text", "body", "kind"))
    test = as_csv([("x", *row) for row in TEST], ("text", "body", "kind"))
    data = give(rows, test, text_column="body", label_column="kind")
    assert data.train[0] == "train text 0" and data.label_names == ("bad", "good")


def test_a_byte_order_mark_is_accepted(give):
    assert give(b"\xef\xbb\xbf" + as_csv(TRAIN).encode(), as_csv(TEST)).train[0] == "train text 0"


AWKWARD = st.sampled_from(
    [
        *("NA", "007", "null", "1e5", "2020-01-01", "true", " lead", "trail ", 'a "quote"', '"'),
        *("a,b\tc", "two\nlines", "\r\n\rx", "שלום\u202eabc", "👩\u200d👩\u200d👧 emoji", "\u2028"),
        *("\ufeffmark", "=1+1", "'", "\\", "x\x85y"),
    ]
)
TEXT = AWKWARD | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(TEXT, min_size=20, max_size=24),
    classes=st.lists(TEXT.filter(str.strip), min_size=2, max_size=3, unique=True),
    ending=st.sampled_from([".csv", ".tsv", ".jsonl"]),
    ascii_only=st.booleans(),
)
def test_texts_and_labels_come_back_exactly_as_written(give, texts, classes, ending, ascii_only):
    texts = [f"{text}{i}" if not text.strip() else text for i, text in enumerate(texts)]
    classes = [f"{name}x" if re.fullmatch(r"-?\d+\.\d+", name) else name for name in classes]
    rows = [(text, classes[i % len(classes)]) for i, text in enumerate(texts)]
    test = [(f"{text}-test-{i}", name) for i, (text, name) in enumerate(rows)]
    if ending == ".jsonl":
        data = give(*(as_jsonl(part, ensure_ascii=ascii_only) for part in (rows, test)), ending)
    else:
        separator = "\t" if ending == ".tsv" else ","
        data = give(*(as_csv(part, delimiter=separator) for part in (rows, test)), ending)
    for part, found, labels in (
        (rows, data.train, data.train_labels),
        (test, data.test, data.test_labels),
    ):
        assert [(t, data.label_names[n]) for t, n in zip(found, labels, strict=True)] == part


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([10, 9, 2], ("2", "9", "10")),
        ([1.0, 0.0, None], ("0", "1")),
        ([True, False], ("False", "True")),
        (["b", "B", "a"], ("B", "a", "b")),
        (["007", "1"], ("007", "1")),
        ([-1, 1], ("-1", "1")),
    ],
)
def test_ids_follow_the_sorted_labels(give, labels, names):
    rows = [(f"text {i}", labels[i % len(labels)]) for i in range(60)]
    data = give(as_jsonl(rows), as_jsonl([(f"t {t}", n) for t, n in rows]), ".jsonl")
    assert data.label_names == names


def test_whole_numbers_in_csv_sort_by_value(give):
    rows = [(f"text {i}", (10, 9, 2)[i % 3]) for i in range(60)]
    assert give(as_csv(rows), as_csv([(f"t {t}", n) for t, n in rows])).label_names == (
        *("2", "9", "10"),
    )
    rows = [(f"text {i}", ("1.0", "0.0")[i % 2]) for i in range(60)]
    assert give(as_csv(rows), as_csv([(f"t {t}", n) for t, n in rows])).label_names == ("0", "1")


# ---- Held out, left out, cut


def test_a_fifth_is_held_out_whatever_the_order(give):
    rows = [(f"text {i % 150}", str(i % 150 % 2)) for i in range(300)]
    data = give(as_csv(rows))
    shuffled = random.Random(0).sample(rows, len(rows))
    again = give(as_csv(shuffled))
    assert set(data.test) == set(again.test) and not set(data.test) & set(data.train)
    assert 30 <= len(data.test) <= 90
    assert data.notes == (f"test: {len(data.test)} of 300 rows held out, by a hash of the text",)


def test_leaks_are_left_out_of_test(give):
    data = give(as_csv(TRAIN), as_csv([*TEST, *TRAIN[:3]]))
    assert list(data.test) == [text for text, _ in TEST]
    assert data.notes == ("test: 3 rows left out whose text stands in train too",)
    refused(lambda: give(as_csv(TRAIN), as_csv(TRAIN[:12])), "stands in train", "nothing is left")


def test_empty_texts_and_missing_labels_are_left_out(give):
    train = [*TRAIN, ("", "good"), (" \t", "good"), ("no label", "")]
    data = give(as_csv(train), as_csv(TEST))
    assert len(data.train) == 30
    assert data.notes == ("train: 2 empty texts left out", "train: 1 row without a label left out")
    nulls = as_jsonl([*TRAIN, (None, "good"), ("x", None)]) + '{"label": "good"}\n{"text": NaN}\n'
    data = give(nulls, as_jsonl(TEST), ".jsonl")
    assert data.notes == ("train: 3 empty texts left out", "train: 1 row without a label left out")


def test_mostly_empty_is_an_error(give):
    rows = [*TRAIN, *[("", "good")] * 31]
    refused(lambda: give(as_csv(rows), as_csv(TEST)), "31 of 61 rows have no text", "--text-column")


def test_long_texts_are_cut_for_classification_only(give):
    long = "word " * 200_000
    start = time.process_time()
    data = give(as_csv([*TRAIN, (long, "good")]), as_csv([*TEST, (long + "!", "good")]))
    assert time.process_time() - start < 20
    assert len(data.train[-1]) == 20_000
    # Equal once cut, so the second would be a leak.
    assert data.notes == (
        "train: 1 text cut to 20,000 characters",
        "test: 1 text cut to 20,000 characters",
        "test: 1 row left out whose text stands in train too",
    )
    data = give(as_csv([*TRAIN, (long, "good")]), as_csv(TEST), label_column="none")
    assert data.train[-1] == long and data.notes == ()


def test_a_rare_class_is_noted(give):
    data = give(as_csv([*TRAIN, ("odd", "rare")]), as_csv(TEST))
    assert data.notes == ("train: 1 class has only one example: 'rare'",)


# ---- Labels that cannot be used


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (
            TRAIN,
            [*TEST, ("new", "ugly"), ("new 2", "ugly")],
            ["test='test.jsonl'", "2 rows", "'ugly'", "not among"],
        ),
        (
            [(t, "one") for t, _ in TRAIN],
            TEST,
            ["every usable row has the label 'one'", "2 classes"],
        ),
        ([*TRAIN, ("x", 0.5)], TEST, ["line 31", "'label' is 0.5", "regression"]),
        ([*TRAIN, ("x", [1])], TEST, ["line 31", "[1] (list)", "whole number"]),
        ([*TRAIN, ("x", float("inf"))], TEST, ["line 31", "inf"]),
        ([*TRAIN, (5, "good")], TEST, ["line 31", "column 'text' holds 5 (int), not text"]),
        ([*TRAIN, (["a"], "good")], TEST, ["line 31", "['a'] (list)"]),
        ([*TRAIN, ("a\ud800", "good")], TEST, ["line 31", "surrogate", "U+D800"]),
        ([*TRAIN, ("a\0", "good")], TEST, ["line 31", "NUL"]),
        ([*TRAIN, ("a", "\ud800")], TEST, ["line 31", "column 'label'", "surrogate"]),
        (TRAIN[:19], TEST, ["train='train.jsonl'", "19 usable rows to train on", "at least 20"]),
        (TRAIN, TEST[:1], ["test='test.jsonl'", "1 usable row to test on", "at least 10"]),
        (TRAIN, None, ["usable rows to test on (a fifth, held out)", "or a test file"]),
    ],
)
def test_rows_that_cannot_be_used(give, train, test, words):
    test = None if test is None else as_jsonl(test)
    refused(lambda: give(as_jsonl(train), test, ".jsonl"), *words)


def test_fractions_in_csv_are_regression_too(give):
    rows = [(f"text {i}", f"{i / 4}") for i in range(60)]
    refused(lambda: give(as_csv(rows)), "line 3", "0.25", "regression", "--label-column none")


def test_a_class_that_is_only_held_out(give):
    rows = [(f"text {i}", "ab"[i % 2]) for i in range(100)]
    data = give(as_csv(rows))
    alone = [(t, "alone" if t == data.test[0] else n) for t, n in rows]
    refused(lambda: give(as_csv(alone)), "1 row", "'alone'", "held out", "--test")


# ---- Columns and options


def test_a_missing_column(give):
    rows = as_csv(TRAIN, ("Txet", "label"))
    refused(lambda: give(rows), "no column 'text'", "'Txet', 'label'", "did you mean 'Txet'?")
    refused(lambda: give(as_csv(TRAIN), label_column="lable"), "no column 'lable'", "mean 'label'?")
    only = as_csv([row[:1] for row in TEST], ("text",))
    refused(lambda: give(as_csv(TRAIN), only), "test='test.csv'", "no column 'label'")
    semicolons = as_csv(TRAIN, delimiter=";")
    refused(lambda: give(semicolons), "'text;label'", "separate the columns with commas")
    twice = as_csv([(*row, "x") for row in TRAIN], ("text", "label", "text"))
    refused(lambda: give(twice), "more than one column 'text'")


def test_options_that_do_not_go_together(give, tmp_path):
    refused(lambda: load(DataSource()), "--train", "--dataset")
    refused(lambda: load(DataSource(test="x.csv")), "--train")
    refused(lambda: load(DataSource(train="x.csv", dataset="a/b")), "not both")
    refused(lambda: give("a\n\nb", ending=".txt", label_column="kind"), "a .txt file has no labels")
    refused(lambda: give(as_csv(TRAIN), label_column="text"), "is the text column too")


# ---- Files that cannot be read


def test_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    for name in ("data.xlsx", "data.json", "ok.csv"):
        (tmp_path / name).write_text(as_csv(TRAIN))
    os.mkfifo(tmp_path / "pipe.csv")
    refused(lambda: load(DataSource("no.csv")), "train='no.csv'", "No such file")
    refused(lambda: load(DataSource("ok.csv", "no.csv")), "test='no.csv'", "No such file")
    refused(lambda: load(DataSource("a\0b.csv")), "cannot be found")
    refused(lambda: load(DataSource("\x1b[31m.csv")), "cannot be found")
    refused(lambda: load(DataSource("folder.csv")), "is a folder")
    refused(lambda: load(DataSource("")), "is a folder")
    refused(lambda: load(DataSource("pipe.csv")), "no ordinary file")
    refused(lambda: load(DataSource("data.xlsx")), ".csv, .tsv, .jsonl, .ndjson, .parquet, .txt")
    refused(lambda: load(DataSource("data.json")), "as JSONL, one object a line")


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".txt", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf \n"])
def test_empty_files(give, ending, content):
    words = "is not a Parquet file" if ending == ".parquet" else "is empty"
    refused(lambda: give(content, ending=ending), words)


def test_a_quoted_nothing_is_a_header_without_a_name(give):
    refused(lambda: give('""'), "no column 'text'", "it has ''")
    refused(lambda: give('\n""\n""\n'), "no column 'text'")


def test_a_blank_line_is_an_empty_text_where_there_is_one_column(give):
    lines = [*(text for text, _ in TRAIN), "", '""']
    data = give("text\n" + "\n".join(lines) + "\n", as_csv(TEST))
    assert data.notes == ("train: 2 empty texts left out",)


def test_a_header_without_rows(give):
    refused(lambda: give("text,label\n"), "0 usable rows")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"text": "a"', ["line 31", "not valid JSON", "at column"]),
        ("[1, 2]", ["line 31", "is a list, not an object"]),
        ("[" * 100_000, ["line 31", "not valid JSON"]),
        ('{"text": ' + "9" * 5000 + "}", ["line 31", "not valid JSON"]),
    ],
)
def test_malformed_json(give, line, words):
    refused(lambda: give(as_jsonl(TRAIN) + line + "\n", ending=".jsonl"), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('text,label\n"two\nlines",a\nb,c,d\n', ["row 2 (line 4)", "3 fields", "has 2", "a comma"]),
        ("text,label\n\nb\n", ["row 1 (line 3)", "1 field,"]),
        ('text,label\na,b\n"open,c\nd,e\n', ["line 3", "quote", "not closed"]),
        ('text,label\n"a" b,c\n', ["line 2", "quote"]),
    ],
)
def test_malformed_csv(give, content, words):
    refused(lambda: give(content), *words)


def test_other_encodings(give):
    latin = as_csv([*TRAIN, ("café", "good")]).encode("latin-1")
    command = "iconv -f WINDOWS-1252 -t UTF-8 train.csv > train-utf8.csv"
    refused(lambda: give(latin), "train='train.csv', line 32", "byte 0xe9", command)
    for encoding in ("UTF-16", "UTF-32"):
        utf = as_csv(TRAIN).encode(encoding)
        refused(lambda utf=utf: give(utf), f"is {encoding}, not UTF-8", f"iconv -f {encoding}")
    refused(lambda: give("text,label\na\0b,c\n"), "line 2", "NUL byte")


def test_a_parquet_file_that_is_none(tmp_path, give):
    refused(lambda: give(as_csv(TRAIN), ending=".parquet"), "is not a Parquet file")
    good = tmp_path / "good.parquet"
    parquet(good, text=[t for t, _ in TRAIN], label=[n for _, n in TRAIN])
    content = good.read_bytes()
    refused(lambda: give(content[:-20], ending=".parquet"), "cut off or damaged")
    broken = content[:4] + b"\xff" * 60 + content[64:]
    refused(lambda: give(broken, ending=".parquet"), "cut off or damaged")


def test_parquet_values_that_are_no_text(tmp_path):
    path = tmp_path / "t.parquet"
    parquet(path, text=[b"pickle"] * 30)
    refused(lambda: load(DataSource(str(path))), "row 1", "b'pickle' (bytes), not text")


def test_pickled_types_in_parquet_are_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    mark = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": "cos\n"}
    schema = pa.schema([pa.field("text", pa.string(), metadata=mark)])
    pq.write_table(pa.table({"text": [text for text, _ in TRAIN]}, schema), path)
    refused(lambda: load(DataSource(str(path))), "pickled Python types")


# ---- The Hub


@pytest.mark.parametrize(
    "name",
    ["", "imdb", "csv", "../x", "a/b/c", "/etc/passwd", "a/../b", "a b/c", "https://x/y", "a/b\n"],
)
def test_odd_ids_never_reach_the_network(name, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("asked the network"))
    refused(lambda: load(DataSource(dataset=name)), "owner/name")


def test_a_local_folder_is_not_taken_for_a_dataset(tmp_path, monkeypatch):
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    refused(lambda: load(DataSource(dataset="owner/name")), "is a file or folder here", "--train")


@pytest.mark.parametrize("offline", [False, True])
def test_no_network(monkeypatch, tmp_path, offline):
    def unreachable(*_):
        raise OSError("no network here")

    monkeypatch.setattr("socket.getaddrinfo", unreachable)
    monkeypatch.setattr("socket.socket.connect", unreachable)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("waited to try again"))
    refused(
        lambda: load(DataSource(dataset="nobody/no-such-data-here")),
        *("dataset='nobody/no-such-data-here'", "cannot be reached", "network", "--train"),
    )


@pytest.fixture
def hub(monkeypatch):
    """A pretended Hub: hub(files, train=..., test=...) loads what it offers."""
    import datasets
    import huggingface_hub

    def offer(files=(), label_type=None, error=None, **splits):
        info = SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in files])
        monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *_, **__: info)
        made = {}
        for name, rows in splits.items():
            texts, labels = zip(*rows, strict=True)
            features = {"text": datasets.Value("string")}
            features["label"] = label_type or datasets.Value("string")
            made[name] = datasets.Dataset.from_dict(
                {"text": texts, "label": labels}, features=datasets.Features(features)
            )
        found = datasets.DatasetDict(made)

        def builder(_):
            if error:
                raise error
            features = next(iter(made.values())).features if made else None
            return SimpleNamespace(info=SimpleNamespace(features=features))

        monkeypatch.setattr(datasets, "load_dataset_builder", builder)
        monkeypatch.setattr(datasets, "load_dataset", lambda _: found)

    return offer


def from_hub(**options):
    return load(DataSource(dataset="owner/name", **options))


def test_train_and_test_of_a_dataset(hub):
    hub(train=TRAIN, validation=TRAIN, test=TEST)
    data = from_hub()
    assert data.name == "owner/name" and list(data.test) == [text for text, _ in TEST]
    assert data.label_names == ("bad", "good")
    hub(train=TRAIN, validation=TEST)
    assert list(from_hub().test) == [text for text, _ in TEST]
    hub(train=[(f"text {i}", "ab"[i % 2]) for i in range(100)])
    assert "held out" in from_hub().notes[0]


def test_named_labels_keep_their_order_and_a_test_without_labels_is_passed_over(hub):
    from datasets import ClassLabel

    kept_back = [(f"hidden {i}", -1) for i in range(20)]
    train, valid = ([(t, int(n == "bad")) for t, n in rows] for rows in (TRAIN, TEST))
    hub(label_type=ClassLabel(names=["yes", "no"]), train=train, validation=valid, test=kept_back)
    data = from_hub()
    assert data.label_names == ("yes", "no") and len(data.test) == 12
    assert list(data.train_labels) == [label for _, label in train]


def test_datasets_that_cannot_be_used(hub):
    hub(files=["README.md", "name.py"], train=TRAIN)
    refused(from_hub, "would run its owner's Python code", "refused")
    hub(train=TRAIN, test=TEST)
    refused(lambda: from_hub(text_column="txt"), "dataset='owner/name'", "did you mean 'text'?")
    hub(test=TEST)
    refused(from_hub, "no split 'train'", "'test'")
    hub(error=ValueError("Config name is missing.\n\x1b[31mPick one"))
    refused(from_hub, "cannot be read (Config name is missing.)", "--train")
    hub(error=RuntimeError("Dataset scripts are no longer supported, but found name.py"))
    refused(from_hub, "scripts are no longer supported")


# ---- The hash


def test_the_digest_is_that_of_the_content():
    data = TextData("a", ["é", "b"], ["c"], [0, 1], [1], ("x", "y"))
    known = "edecd9097db4be7590861b790d835796f9e982dc688a94b195263818a16db075"
    assert digest(data) == known  # The same on every machine.
    assert digest(TextData("other", ["é", "b"], ("c",), (0, 1), [1], ("x", "y"))) == digest(data)
    changed = [
        TextData("a", ["é"], ["b", "c"], [0, 1], [1], ("x", "y")),
        TextData("a", ["é", "b"], ["c"], [0, 0], [1], ("x", "y")),
        TextData("a", ["é", "b"], ["c"], [0, 1], [1], ("x", "z")),
        TextData("a", ["é", "b"], ["c"]),
    ]
    assert len({digest(data), *map(digest, changed)}) == 5
