"""As a learner, in one real kernel: every question answered wrongly in each way, then rightly."""

import pytest
from jupyter_client.manager import start_new_kernel

from lora_course.checks.result import Outcome
from tests.chapters.test_answers import QUESTIONS, TABLES
from tests.conftest import ROOMS


@pytest.fixture(scope="module")
def run():
    manager, client = start_new_kernel(kernel_name="python3")

    def execute(code, kinds=("execute_result",)):
        shown = []

        def keep(message):
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(message["content"]["traceback"]))
            if message["msg_type"] in kinds:
                shown.append(message["content"]["data"])

        client.execute_interactive(code, output_hook=keep, timeout=120)
        return shown

    try:
        names = {room.questions()[0].key.partition(".")[0]: room.name for room in ROOMS}
        imports = "\n".join(
            f"from lora_course.chapters.{room} import questions as {name}"
            for name, room in names.items()
        )
        execute(f"{imports}")
        yield execute
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(q, marks=[pytest.mark.long] * any(f.long for f in TABLES[q.key]))
        for q in QUESTIONS
    ],
    ids=lambda question: question.key,
)
def test_a_learner_is_told_what_is_wrong_until_it_is_right(run, question, seed):
    table = TABLES[question.key]
    for fixture in sorted(table, key=lambda fixture: fixture.outcome is Outcome.CORRECT):
        (shown,) = run(f"{fixture.code}\n{question.key}.check(answer, {seed})")
        assert shown["text/plain"].startswith(fixture.outcome.value[0]), fixture.label
        assert fixture.words in shown["text/plain"]
        assert fixture.outcome.value[1] in shown["text/html"]
    (hint,) = run(f"{question.key}.hint()")
    assert f"Hint 1 of {len(question.hints)}" in hint["text/plain"]
    (solution,) = run(f"{question.key}.solution()")
    assert "One solution" in solution["text/html"]


pytestmark = pytest.mark.xdist_group("kernel")
LONG_CELL = """
import time
from lora_course.display.progress_bar import track
for _ in track(range(4), "runs", show=True):
    time.sleep(0.2)
"""


def test_a_progress_bar_is_seen_and_leaves_nothing_behind(run):
    # A saved notebook keeps a display as it was updated last.
    first, *updates, last = run(LONG_CELL, kinds=("display_data", "update_display_data"))
    assert first["text/plain"].startswith("runs:   0%") and "0/4" in first["text/plain"]
    assert any("2/4" in update["text/plain"] for update in updates)
    assert last == {}
