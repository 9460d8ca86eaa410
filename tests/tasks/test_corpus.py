"""Python's own text: split by file, the same each time, and clear where it is missing."""

import pytest

from lora_course.compare.data.texts import style_shift, typo_detection
from lora_course.tasks import corpus, typos


def test_no_file_and_no_sentence_stands_on_both_sides():
    names = [{module.name for module in corpus.modules(split)} for split in corpus.SPLITS]
    assert not names[0] & names[1]
    assert 0.1 < len(names[1]) / (len(names[0]) + len(names[1])) < 0.3
    assert not set(corpus.sentences("train")) & set(corpus.sentences("test"))


def test_a_module_is_on_the_same_side_everywhere():
    assert [corpus.split_of(name) for name in ("json/decoder.py", "argparse.py", "_pyio.py")] == [
        "train",
        "train",
        "test",
    ]


def test_prose_is_prose_and_code_is_code():
    assert sum(map(len, corpus.prose("train"))) > 1_000_000
    assert len(corpus.sentences("test")) > 500
    code = "".join(corpus.code("test"))
    assert len(code) > 500_000 and '"""' not in code[:200]
    assert not any(line.lstrip().startswith("#") for line in code.splitlines())


def test_comments_that_explain_are_prose_and_commented_out_code_is_not(tmp_path):
    path = tmp_path / "one.py"
    path.write_text(
        "def f(x):\n    # The order matters here, since\n    # later names win.\n"
        "    return x  # Not a line of its own.\n\n# Old way = f(g(x)).\n# -------- #\n"
    )
    module = corpus._read(path, "one.py")
    assert module.prose == ("The order matters here, since\nlater names win.",)
    assert module.code.splitlines()[:2] == ["def f(x):", "    return x  # Not a line of its own."]


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match="split='dev'"):
        corpus.modules("dev")


def test_a_library_without_source_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(corpus, "library_folder", lambda: tmp_path)
    with pytest.raises(corpus.MissingTextError, match="libpython3-stdlib"):
        corpus.modules.__wrapped__("train")


def test_missing_topics_say_what_to_do(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(corpus.MissingTextError, match="pydoc_data"):
        corpus.topics.__wrapped__()


def test_a_typo_is_one_swap_of_neighbouring_letters():
    for sentence in corpus.sentences("test")[:200]:
        wrong = typos.with_typo(sentence)
        if wrong is None:
            continue
        differ = [i for i, (a, b) in enumerate(zip(sentence, wrong, strict=True)) if a != b]
        assert len(differ) == 2 and differ[1] == differ[0] + 1
        assert sentence[differ[0]] == wrong[differ[1]] and sentence[differ[1]] == wrong[differ[0]]
    assert typos.with_typo("See it as is or as of now.") is None
    assert typos.with_typo(sentence, 1) == typos.with_typo(sentence, 1)


def test_the_built_in_tasks_are_balanced_and_disjoint():
    data = typo_detection()
    assert sum(data.train_labels) * 2 == len(data.train) and not set(data.train) & set(data.test)
    text = style_shift()
    assert not text.classification and len("".join(text.test)) > 50_000
