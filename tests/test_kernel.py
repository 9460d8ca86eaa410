"""As a learner, in one real kernel: every question answered wrongly in each way, then rightly."""

import pytest
from jupyter_client.manager import start_new_kernel

from lora_course.checks.result import Outcome
from tests.checks.ch04_fixtures import TABLES


@pytest.fixture(scope="module")
def run():
    manager, client = start_new_kernel(kernel_name="python3")

    def execute(code):
        shown = []

        def keep(message):
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(message["content"]["traceback"]))
            if message["msg_type"] == "execute_result":
                shown.append(message["content"]["data"])

        client.execute_interactive(code, output_hook=keep, timeout=120)
        return shown[-1] if shown else None

    try:
        execute("import torch; torch.set_num_threads(1); from lora_course.checks import ch04")
        yield execute
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "question",
    [pytest.param(q, marks=[pytest.mark.long] * (q == "rank_comparison")) for q in TABLES],
)
def test_a_learner_is_told_what_is_wrong_until_it_is_right(run, question):
    wrong_first = sorted(TABLES[question], key=lambda f: f.outcome is Outcome.CORRECT)
    for fixture in wrong_first:
        shown = run(f"{fixture.code}\nch04.{question}.check(answer)")
        assert shown["text/plain"].startswith(fixture.outcome.value[0]), fixture.label
        assert fixture.words in shown["text/plain"]
        assert fixture.outcome.value[1] in shown["text/html"]
    assert "Hint 1 of 2" in run(f"ch04.{question}.hint()")["text/plain"]
    assert "One solution" in run(f"ch04.{question}.solution()")["text/html"]
