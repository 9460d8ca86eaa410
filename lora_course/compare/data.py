"""Read a practitioner's texts and labels, and say plainly what is wrong with a file.

Files are read by Python itself and pyarrow, not by `datasets`: its CSV reader turns the text 007
into a number and NA into nothing, its JSON reader turns "2020-01-01" into a date, and its errors
name neither row nor line. Here a text and a label come back exactly as they are written.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shlex
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lora_course.compare.records import TextData

TEST_SHARE = 0.2
FEWEST = {"train": 20, "test": 10}
LONGEST = 20_000
"""Characters of a text to classify: a longer one would take minutes to tokenize, to no use."""
NO_LABEL = "none"
ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".txt")

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,99}")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# Half a surrogate pair (JSON can spell one) is no character, and NUL ends a string for some tools.
UNUSABLE = re.compile("[\0\ud800-\udfff]")
MARKS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16"} | {
    b"\xfe\xff": "UTF-16"
}


class DataError(ValueError):
    """The data cannot be used; the message says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class DataSource:
    """Where the texts are: a file to train on (and one to test on), or a dataset on the Hub."""

    train: str | None = None
    test: str | None = None
    dataset: str | None = None
    text_column: str = "text"
    label_column: str | None = None
    """None: "label" where there is such a column, else no labels; "none": no labels."""


@dataclass(frozen=True)
class _Table:
    """An opened file or split. `column` reads one column; values keep the type they have there."""

    where: str
    columns: Sequence[str]
    column: Callable[[str], Sequence[Any]]
    unit: str = "row"
    numbers: Sequence[int] | None = None
    """The line on which each row starts, for files that have lines."""
    typed: bool = True
    """False where everything is text, numbers too."""
    label_names: Mapping[str, str] = field(default_factory=dict)

    def at(self, index: int) -> str:
        """How a message names a row."""
        return f"{self.where}, {self.unit} {self.numbers[index] if self.numbers else index + 1}"


_Rows = list[tuple[str, str]]
"""Text and label, which is "" where there are none."""


def load(source: DataSource) -> TextData:
    """The texts and labels of `source`, checked; DataError for anything that cannot be used."""
    train, test = _hub(source) if source.dataset is not None else _files(source)
    label = _label_column(source, train)
    for table in filter(None, (train, test)):
        for column in filter(None, (source.text_column, label)):
            _check_column(table, column)
    notes: list[str] = []
    train_rows = _rows("train", train, source.text_column, label, notes)
    if test is None:
        train_rows, test_rows = _hold_out(train_rows, notes)
    else:
        test_rows = _rows("test", test, source.text_column, label, notes)
        test_rows = _without_leaks(train_rows, test_rows, test.where, notes)
    for part, rows in (("train", train_rows), ("test", test_rows)):
        if len(rows) < FEWEST[part]:
            table = test if test is not None and part == "test" else train
            held_out = " (a fifth, held out)" if table is train and part == "test" else ""
            raise DataError(
                f"{table.where}: {_count(len(rows), 'usable row')} to {part} on{held_out}; at least"
                f" {FEWEST[part]} are needed, so give more rows"
                f"{' or a test file' if held_out else ''}"
            )
    train_labels = test_labels = None
    label_names: tuple[str, ...] = ()
    if label is not None:
        keys = _label_order(train, label, train_rows, notes)
        _check_test_labels(keys, test_rows, (test or train).where, held_out=test is None)
        ids = {key: number for number, key in enumerate(keys)}
        train_labels = [ids[key] for _, key in train_rows]
        test_labels = [ids[key] for _, key in test_rows]
        label_names = tuple(train.label_names.get(key, key) for key in keys)
    return TextData(
        name=_name(source),
        train=[text for text, _ in train_rows],
        test=[text for text, _ in test_rows],
        train_labels=train_labels,
        test_labels=test_labels,
        label_names=label_names,
        notes=tuple(notes),
    )


def digest(data: TextData) -> str:
    """A hash of texts, labels and label names: equal on two machines when the data are equal."""
    found = hashlib.sha256()
    for part in (data.train, data.test, data.train_labels, data.test_labels, data.label_names):
        found.update(json.dumps(None if part is None else list(part)).encode() + b"\n")
    return found.hexdigest()


def _name(source: DataSource) -> str:
    """The dataset's id or the file's name."""
    return _printable(source.dataset or Path(source.train or "").name)


def _printable(text: str) -> str:
    """For names and words of others in a message: nothing that steers a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _some(values: Iterable[str], most: int = 5) -> str:
    """The first few values, quoted and shortened, for a message."""
    shown = list(values)
    more = f" and {len(shown) - most:,} more" if len(shown) > most else ""
    return ", ".join(f"{value!r:.60}" for value in shown[:most]) + more


# ---- Which rows are used


def _label_column(source: DataSource, train: _Table) -> str | None:
    """The column with the labels, or None: language modelling."""
    wanted = source.label_column
    if wanted is None:
        return "label" if "label" in train.columns and source.text_column != "label" else None
    if wanted == NO_LABEL:
        return None
    if wanted == source.text_column:
        raise DataError(f"label_column={wanted!r}: is the text column too; name another column")
    if source.train is not None and source.train.lower().endswith(".txt"):
        raise DataError(
            f"label_column={wanted!r}: a .txt file has no labels; leave the option out, or give a"
            " CSV, JSONL or Parquet file with a column of labels"
        )
    return wanted


def _check_column(table: _Table, column: str) -> None:
    """DataError unless `table` has `column`, once."""
    if table.columns.count(column) > 1:
        raise DataError(f"{table.where}: has more than one column {column!r}; rename all but one")
    if column in table.columns:
        return
    lower = {name.lower(): name for name in table.columns}
    near = get_close_matches(column.lower(), lower, n=1, cutoff=0.5)
    hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
    if len(table.columns) == 1 and re.search("[;\t|]", table.columns[0]):
        hint = "; separate the columns with commas, or with tabs in a file that ends in .tsv"
    raise DataError(
        f"{table.where}: has no column {column!r}; it has {_some(table.columns, 20)}{hint}"
        " (choose with --text-column and --label-column)"
    )


def _rows(
    part: str, table: _Table, text_column: str, label_column: str | None, notes: list[str]
) -> _Rows:
    """The usable rows of one table; what was left out or cut is added to `notes`."""
    texts = table.column(text_column)
    labels = _labels(table, label_column) if label_column is not None else None
    rows: _Rows = []
    empty = unlabelled = cut = 0
    for index, text in enumerate(texts):
        if not _missing(text) and not isinstance(text, str):
            raise DataError(
                f"{table.at(index)}: column {text_column!r} holds {text!r:.60}"
                f" ({type(text).__name__}), not text"
            )
        if _missing(text):
            empty += 1
            continue
        _check_characters(text, table.at(index), text_column)
        if labels is None or label_column is None:
            rows.append((text, ""))
            continue
        label = _label(labels[index], table.at(index), label_column)
        if label is None:
            unlabelled += 1
            continue
        cut += len(text) > LONGEST
        rows.append((text[:LONGEST], label))
    if 2 * empty > len(texts):
        raise DataError(
            f"{table.where}: {empty:,} of {_count(len(texts), 'row')} have no text in column"
            f" {text_column!r}; choose another column with --text-column, or remove those rows"
        )
    if empty:
        notes.append(f"{part}: {_count(empty, 'empty text')} left out")
    if unlabelled:
        notes.append(f"{part}: {_count(unlabelled, 'row')} without a label left out")
    if cut:
        notes.append(f"{part}: {_count(cut, 'text')} cut to {LONGEST:,} characters")
    return rows


def _missing(value: Any) -> bool:
    """Null, not-a-number (how pandas writes null), or nothing but white space."""
    if isinstance(value, (float, Decimal)):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def _check_characters(value: str, where: str, column: str) -> None:
    """DataError for what no tokenizer takes."""
    if found := UNUSABLE.search(value):
        kind = "a NUL character" if found[0] == "\0" else "half a surrogate pair"
        raise DataError(
            f"{where}: column {column!r} holds {kind} (U+{ord(found[0]):04X}), which is no text;"
            " remove it"
        )


def _labels(table: _Table, column: str) -> Sequence[Any]:
    """The label column. Where all is text, labels such as 0.5 and 1.0 are read as numbers."""
    labels = table.column(column)
    if table.typed:
        return labels
    present = [label for label in labels if label.strip()]
    numeric = all(NUMBER.fullmatch(label) for label in present)
    if not numeric or not any("." in label for label in present):
        return labels
    return [Decimal(label) if label.strip() else None for label in labels]


def _label(value: Any, where: str, column: str) -> str | None:
    """A label as a string; None when there is none."""
    if _missing(value):
        return None
    if isinstance(value, str):
        _check_characters(value, where, column)
        return value
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, (float, Decimal)):
        if value % 1 == 0:
            return str(int(value))
        raise DataError(
            f"{where}: the label in column {column!r} is {value}; numbers with a fraction mean"
            " regression, which is not supported. If they are names of classes, write them as"
            " words; for language modelling give --label-column none"
        )
    raise DataError(
        f"{where}: the label in column {column!r} is {value!r:.60} ({type(value).__name__}); a"
        " label must be a string, a whole number or a boolean"
    )


def _label_order(table: _Table, column: str, rows: _Rows, notes: list[str]) -> list[str]:
    """The classes in order of their ids: by number when all are whole numbers, else by name."""
    counts = Counter(label for _, label in rows)
    if len(counts) < 2:
        raise DataError(
            f"{table.where}: every usable row has the label {_some(counts)} in column {column!r};"
            " at least 2 classes are needed (for language modelling give --label-column none)"
        )
    numeric = all(INTEGER.fullmatch(key) for key in counts)
    keys = sorted(counts, key=int) if numeric else sorted(counts)
    if rare := [table.label_names.get(key, key) for key in keys if counts[key] < 2]:
        classes = "1 class has" if len(rare) == 1 else f"{len(rare):,} classes have"
        notes.append(f"train: {classes} only one example: {_some(rare)}")
    return keys


def _check_test_labels(keys: list[str], rows: _Rows, where: str, *, held_out: bool) -> None:
    """DataError when a label to test on cannot be learned."""
    known = set(keys)
    unknown = Counter(label for _, label in rows if label not in known)
    if unknown:
        advice = (
            "all rows with it were held out to test on: give more rows, remove them, or give --test"
            if held_out
            else "correct them, or leave these rows out of the test file"
        )
        raise DataError(
            f"{where}: {_count(unknown.total(), 'row')} to test on with a label that is not among"
            f" the rows to train on: {_some(sorted(unknown))}; {advice}"
        )


def _hold_out(rows: _Rows, notes: list[str]) -> tuple[_Rows, _Rows]:
    """Train and test, by a hash of the text: row order changes nothing, twins stay together."""
    parts: tuple[_Rows, _Rows] = ([], [])
    for row in rows:
        first = hashlib.sha256(row[0].encode()).digest()[:4]
        parts[int.from_bytes(first, "big") < TEST_SHARE * 2**32].append(row)
    notes.append(
        f"test: {len(parts[1]):,} of {_count(len(rows), 'row')} held out, by a hash of the text"
    )
    return parts


def _without_leaks(train: _Rows, test: _Rows, where: str, notes: list[str]) -> _Rows:
    """The rows of test whose text does not stand in train."""
    seen = {text for text, _ in train}
    kept = [row for row in test if row[0] not in seen]
    if test and not kept:
        raise DataError(
            f"{where}: every text stands in train too, so nothing is left to test on; give other"
            " texts, or no test file (then a fifth of train is held out)"
        )
    if leaked := len(test) - len(kept):
        notes.append(f"test: {_count(leaked, 'row')} left out whose text stands in train too")
    return kept


# ---- Files


def _files(source: DataSource) -> tuple[_Table, _Table | None]:
    """Train and test, opened."""
    if source.train is None:
        raise DataError("train=None: give a file with --train, or a dataset's id with --dataset")
    given = [("train", source.train)] + ([("test", source.test)] if source.test is not None else [])
    for part, name in given:  # Both, before the first is read.
        _check_path(f"{part}={name!r}", Path(name))
    tables = [_open(f"{part}={name!r}", Path(name), source.text_column) for part, name in given]
    return tables[0], tables[1] if len(tables) > 1 else None


def _check_path(where: str, path: Path) -> None:
    """DataError unless `path` is a file with an ending that is known."""
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{where}: cannot be found ({reason}); check the spelling, and the folder you are in"
        ) from error
    if path.is_dir():
        raise DataError(f"{where}: is a folder; give one file in it")
    if not path.is_file():
        raise DataError(f"{where}: is no ordinary file; write the data to a file first")
    if path.suffix.lower() not in ENDINGS:
        hint = "; write a .json file as JSONL, one object a line" if ".json" in path.suffix else ""
        raise DataError(f"{where}: the ending must be one of {', '.join(ENDINGS)}{hint}")


def _open(where: str, path: Path, text_column: str) -> _Table:
    """A file that `_check_path` let through."""
    ending = path.suffix.lower()
    if ending == ".parquet":
        return _parquet(where, path)
    text = _decoded(where, path)
    if ending == ".txt":
        parts = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip("\n"))
        paragraphs = [part for part in parts if part.strip()]
        # Its one column is called what the caller likes.
        return _Table(where, (text_column,), lambda _: paragraphs, "paragraph", typed=False)
    if ending in (".jsonl", ".ndjson"):
        return _jsonl(where, text)
    return _delimited(where, text, "\t" if ending == ".tsv" else ",")


def _decoded(where: str, path: Path) -> str:
    """A text file's content, without the byte-order mark."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{where}: cannot be read ({error.strerror})") from error
    old = shlex.quote(_printable(str(path)))
    new = shlex.quote(_printable(f"{path.stem}-utf8{path.suffix}"))

    def convert(encoding: str) -> str:
        return f"convert it, e.g. iconv -f {encoding} -t UTF-8 {old} > {new}"

    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            raise DataError(f"{where}: is {encoding}, not UTF-8; {convert(encoding)}")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{where}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8; find out the"
            f" file's encoding and {convert('WINDOWS-1252')}"
        ) from error
    if (place := text.find("\0")) >= 0:
        raise DataError(
            f"{where}, line {text.count(chr(10), 0, place) + 1}: holds a NUL byte, which is no"
            " text; remove it, or convert the file to UTF-8 if it is UTF-16"
        )
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DataError(f"{where}: is empty")
    return text


def _jsonl(where: str, text: str) -> _Table:
    """One object a line. Split at line feeds alone: a JSON string may hold U+2028 and its like."""
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "too deep or too long a number")
            column = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            raise DataError(
                f"{where}, line {number}: is not valid JSON ({reason}{column}); each line must be"
                ' one whole object, such as {"text": "…", "label": "…"}'
            ) from error
        if not isinstance(row, dict):
            raise DataError(
                f"{where}, line {number}: is a {type(row).__name__}, not an object; each line must"
                ' be one object, such as {"text": "…", "label": "…"}'
            )
        rows.append(row)
        numbers.append(number)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return _Table(where, columns, lambda name: [row.get(name) for row in rows], "line", numbers)


def _delimited(where: str, text: str, separator: str) -> _Table:
    """CSV or TSV with a header."""
    records = _records(where, text, separator)
    _, header = next(record for record in records if record[1] != [""])
    rows: list[list[str]] = []
    numbers: list[int] = []
    for line, record in records:
        if record == [""] and len(header) > 1:
            continue  # A blank line.
        if len(record) != len(header):
            raise DataError(
                f"{where}, row {len(rows) + 1} (line {line}): has {_count(len(record), 'field')},"
                f" the header has {len(header)}; put a field that holds"
                f" {'a tab' if separator == chr(9) else 'a comma'} or a line break in double quotes"
            )
        rows.append(record)
        numbers.append(line)

    def column(name: str) -> list[str]:
        place = header.index(name)
        return [row[place] for row in rows]

    return _Table(where, header, column, "line", numbers, typed=False)


def _records(where: str, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record of a CSV file and the line on which it starts.

    Not Python's `csv`: it refuses fields of more than 131,072 characters unless that limit is
    lifted for the whole process. Not pyarrow: it takes a quote that is never closed as text.
    """
    one = re.compile(
        rf'(?:"([^"]*+(?:""[^"]*+)*+)"|((?:[^"{separator}\r\n][^{separator}\r\n]*+)?))'
        rf"({separator}|\r\n|\r|\n|\Z)"
    )
    place, start, line = 0, 0, 1
    record: list[str] = []
    while place < len(text) or record:
        found = one.match(text, place)
        if found is None:
            line += text.count("\n", start, place)
            raise DataError(
                f"{where}, line {line}: a double quote opens a field and is not closed, or text"
                ' follows the closing one; write a quote inside a quoted field twice: ""'
            )
        record.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        place = found.end()
        if found[3] != separator:
            yield line, record
            line += text.count("\n", start, place)
            start, record = place, []


def _parquet(where: str, path: Path) -> _Table:
    """A Parquet file; only the columns that are asked for are read."""
    try:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise DataError(
            f"{where}: Parquet needs the package pyarrow (pip install pyarrow)"
        ) from error

    damaged = f"{where}: is not a Parquet file, or is cut off or damaged"
    try:
        file = pq.ParquetFile(path)
        columns = file.schema_arrow.names
        # pyarrow before 14.0.1 ran such a column's code; later ones hand out what is left of it.
        kept = file.metadata.metadata or {}
        if b"arrow.py_extension_type" in b64decode(kept.get(b"ARROW:schema", b"")):
            raise DataError(f"{where}: holds pickled Python types, which are not read; rewrite it")
    except DataError:
        raise
    except Exception as error:  # A damaged file can cause any.
        raise DataError(f"{damaged} ({_first_line(error)})") from error

    def column(name: str) -> list[Any]:
        try:
            return list(file.read(columns=[name]).column(name).to_pylist())
        except Exception as error:
            raise DataError(f"{damaged} ({_first_line(error)})") from error

    return _Table(where, columns, column)


# ---- The Hub


def _hub(source: DataSource) -> tuple[_Table, _Table | None]:
    """Train, and test or else validation, of a dataset on the Hugging Face Hub."""
    name = source.dataset or ""
    where = f"dataset={name!r}"
    if source.train is not None or source.test is not None:
        raise DataError(f"{where}: give either a dataset or files (--train, --test), not both")
    # A bare name could mean a reader of the library ("csv", "text") instead of a dataset.
    if not HUB_ID.fullmatch(name) or ".." in name or "--" in name:
        raise DataError(
            f"{where}: must have the form owner/name, as the dataset's page on"
            " https://huggingface.co/datasets shows it, such as stanfordnlp/imdb"
        )
    if Path(name).exists():  # The library would read it instead of asking the Hub.
        raise DataError(f"{where}: is a file or folder here; give a file with --train")
    if find_spec("datasets") is None:
        raise DataError(
            f"{where}: needs the package datasets (pip install datasets); a local CSV or JSONL"
            " file, given with --train, does not"
        )
    _ask_hub(name, where)
    found = _download(name, where, source)
    if "train" not in found:
        raise DataError(f"{where}: has no split 'train'; it has {_some(found)}")
    train = _split(where, "train", found, source)
    label = _label_column(source, train) or ""
    for split in ("test", "validation"):
        if split in found:
            test = _split(where, split, found, source)
            # The labels of a public test are often kept back; those of its validation are not.
            if label not in test.columns or not all(map(_missing, test.column(label))):
                return train, test
    return train, None


def _download(name: str, where: str, source: DataSource) -> Any:
    """The dataset's splits. Its owner's code never runs: `datasets` 4 and later cannot."""
    import datasets

    try:
        # Its description first: whether the columns are there is known before a long download.
        features = datasets.load_dataset_builder(name).info.features
        if features is not None:
            described = _Table(where, list(features), lambda _: [])
            for column in filter(None, (source.text_column, _label_column(source, described))):
                _check_column(described, column)
        return datasets.load_dataset(name)
    except DataError:
        raise
    except ConnectionError as error:
        raise DataError(_no_network(where, error)) from error
    except Exception as error:  # Whatever a stranger's files can cause.
        raise DataError(
            f"{where}: cannot be read ({_first_line(error)}); download one of its files and give"
            " it with --train"
        ) from error


def _ask_hub(name: str, where: str) -> None:
    """One short question, so that a wrong id and a missing network are known at once."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        info = HfApi().dataset_info(name, timeout=10)
    except OfflineModeIsEnabled:
        return  # It may have been downloaded before.
    except RepositoryNotFoundError as error:
        raise DataError(
            f"{where}: is not on the Hub, or not for everyone (log in with `hf auth login`)"
        ) from error
    except HfHubHTTPError as error:
        raise DataError(f"{where}: the Hub answered with an error: {_first_line(error)}") from error
    except Exception as error:  # Each version of the library has its own for this.
        raise DataError(_no_network(where, error)) from error
    if any(file.rfilename == f"{name.split('/')[1]}.py" for file in info.siblings or ()):
        raise DataError(
            f"{where}: would run its owner's Python code to load, which is refused; download one"
            " of its files and give it with --train"
        )


def _no_network(where: str, error: Exception) -> str:
    return (
        f"{where}: the Hugging Face Hub cannot be reached ({_first_line(error)}); check the"
        " network, or give a local file with --train (HF_HUB_OFFLINE=1 uses what was downloaded"
        " before)"
    )


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return _printable(line[:200])


def _split(where: str, split: str, found: Any, source: DataSource) -> _Table:
    """A split as a table. Named labels are numbers there: -1 is none, and the names are kept."""
    rows = found[split]
    table = _Table(f"{where}, {split}", rows.column_names, lambda name: list(rows[name]))
    label = _label_column(source, table)
    classes = getattr(rows.features.get(label), "names", None)
    if classes is None:
        return table

    def column(name: str) -> list[Any]:
        return [None if name == label and value == -1 else value for value in rows[name]]

    names = {str(number): name for number, name in enumerate(classes)}
    return _Table(table.where, table.columns, column, label_names=names)
