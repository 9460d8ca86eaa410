"""How cells are run, and who is blamed for what: with a kernel that does as it is told."""

from types import SimpleNamespace

import pytest

from lora_course.grading import replay
from lora_course.grading.records import Status
from lora_course.grading.replay import GivenUpError, Replay
from lora_course.grading.session import KernelEndedError, Reply, TimeLimitError

IMPORT = "from lora_course import adapt"


class Kernel:
    """Raises or returns what stands in `replies` for a cell's code."""

    out_of_memory = False

    def __init__(self, replies):
        self.replies, self.ran = replies, []

    def run(self, code, seconds):
        self.ran.append(code)
        reply = self.replies.get(code, Reply())
        if isinstance(reply, Exception):
            raise reply
        return reply

    def stop(self):
        pass


def run(cells, replies, own=(0,), seconds=60, **options):
    kernels = []

    def start():
        kernels.append(Kernel(replies))
        return kernels[-1]

    places = options.pop("places", range(len(cells)))
    one = Replay(cells, start, cell_seconds=9, seconds=seconds, places=places, own=own, **options)
    one.run()
    return one, kernels


@pytest.mark.parametrize("alive", [True, False])
def test_a_slow_cell_of_the_courses_is_nobodys_fault(alive):
    one, _ = run(["mine", "demonstration"], {"demonstration": TimeLimitError(alive)})
    status, reason = one.troubles[0]
    assert status is Status.GRADER
    assert reason.startswith("cell 2 (one of the chapter's own) took longer than 9 s")
    one, _ = run(["mine"], {"mine": TimeLimitError(alive)})
    assert one.troubles[0][0] is Status.TIME and "chapter's own" not in one.troubles[0][1]


@pytest.mark.parametrize(("slow", "status"), [("mine", Status.TIME), ("demo", Status.GRADER)])
def test_nor_is_the_time_that_such_cells_take(monkeypatch, slow, status):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(replay, "time", SimpleNamespace(monotonic=lambda: clock.now))
    real = Kernel.run

    def run_slowly(kernel, code, seconds):
        clock.now += 100 * (code == slow)
        return real(kernel, code, seconds)

    monkeypatch.setattr(Kernel, "run", run_slowly)
    kernel = Kernel({})
    one = Replay(
        ["mine", "demo", "last"],
        lambda: kernel,
        cell_seconds=9,
        seconds=60,
        places=range(3),
        own=[0],
    )
    with pytest.raises(GivenUpError) as error:
        one.run()
    assert ("the chapter's own cells" in str(error.value)) == (slow == "demo")
    assert one.troubles[-1][0] is status


def test_a_kernel_that_ended_in_one_of_them_is_told_so():
    one, kernels = run(["mine", "demonstration"], {"demonstration": KernelEndedError(Status.DIED)})
    assert one.troubles[0][0] is Status.DIED and len(kernels) == 2
    assert "(one of the chapter's own)" in one.told()[0].text


def test_the_chapters_imports_are_made_where_a_cell_of_them_fails():
    mine = f"from google.colab import drive\n{IMPORT}"
    error = Reply("ModuleNotFoundError", "No module named 'google.colab'")
    one, (kernel,) = run([mine], {mine: error}, imports=[IMPORT, "import torch"])
    assert kernel.ran == [mine, f"{IMPORT}\nimport torch"]
    assert one.told()[0].text == (
        "raised ModuleNotFoundError: No module named 'google.colab'; the chapter's own imports were"
        " made all the same"
    )


def test_they_are_not_where_another_cell_fails():
    one, (kernel,) = run(["mine"], {"mine": Reply("NameError", "x")}, imports=[IMPORT])
    assert kernel.ran == ["mine"] and "imports" not in one.told()[0].text


def test_a_cell_that_works_with_more_cells_is_not_noted_any_more():
    replies = {"mine": Reply("NameError", "name 'x' is not defined")}
    one, kernels = run(["x = 1", "mine"], replies, own=(1,), places=[1])
    assert one.told()
    replies.clear()
    one.run_more([0])
    one.run()
    assert kernels[-1].ran == ["x = 1", "mine"] and one.told() == ()


def test_notes_are_bounded():
    cells = [f"cell {n}" for n in range(200)]
    replies = {cell: Reply("ValueError", "x" * 5000) for cell in cells}
    one, _ = run(cells, replies, own=range(200))
    told = one.told()
    assert len(told) == replay.MOST_NOTES + 1
    assert told[-1].text == "was the first of 150 more that did not finish"
    assert all(len(note.text) <= replay.NOTE for note in told)
