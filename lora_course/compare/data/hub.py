"""Datasets on the Hugging Face Hub. No code of their owners runs."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lora_course.compare.data.labels import find_label_column
from lora_course.compare.data.table import (
    DataError,
    DataSource,
    Table,
    check_column,
    first_line,
    missing,
    some,
)

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


def open_dataset(source: DataSource) -> tuple[Table, Table | None]:
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
        raise DataError(f"{where}: has no split 'train'; it has {some(found)}")
    train = _split(where, "train", found, source)
    label = find_label_column(source, train) or ""
    for split in ("test", "validation"):
        if split in found:
            test = _split(where, split, found, source)
            # The labels of a public test are often kept back; those of its validation are not.
            if label not in test.columns or not all(map(missing, test.column(label))):
                return train, test
    return train, None


def _download(name: str, where: str, source: DataSource) -> Any:
    """The dataset's splits. Its owner's code never runs: `datasets` 4 and later cannot."""
    import datasets

    try:
        # Its description first: whether the columns are there is known before a long download.
        features = datasets.load_dataset_builder(name).info.features
        if features is not None:
            described = Table(where, list(features), lambda _: [])
            for column in filter(None, (source.text_column, find_label_column(source, described))):
                check_column(described, column)
        return datasets.load_dataset(name)
    except DataError:
        raise
    except ConnectionError as error:
        raise DataError(_no_network(where, error)) from error
    except Exception as error:  # Whatever a stranger's files can cause.
        raise DataError(
            f"{where}: cannot be read ({first_line(error)}); download one of its files and give"
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
        raise DataError(f"{where}: the Hub answered with an error: {first_line(error)}") from error
    except Exception as error:  # Each version of the library has its own for this.
        raise DataError(_no_network(where, error)) from error
    if any(file.rfilename == f"{name.split('/')[1]}.py" for file in info.siblings or ()):
        raise DataError(
            f"{where}: would run its owner's Python code to load, which is refused; download one"
            " of its files and give it with --train"
        )


def _no_network(where: str, error: Exception) -> str:
    return (
        f"{where}: the Hugging Face Hub cannot be reached ({first_line(error)}); check the"
        " network, or give a local file with --train (HF_HUB_OFFLINE=1 uses what was downloaded"
        " before)"
    )


def _split(where: str, split: str, found: Any, source: DataSource) -> Table:
    """A split as a table. Named labels are numbers there: -1 is none, and the names are kept."""
    rows = found[split]
    table = Table(f"{where}, {split}", rows.column_names, lambda name: list(rows[name]))
    label = find_label_column(source, table)
    classes = getattr(rows.features.get(label), "names", None)
    if classes is None:
        return table

    def column(name: str) -> list[Any]:
        return [None if name == label and value == -1 else value for value in rows[name]]

    names = {str(number): name for number, name in enumerate(classes)}
    return Table(table.where, table.columns, column, label_names=names)
