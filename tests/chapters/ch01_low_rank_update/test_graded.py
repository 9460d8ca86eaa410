"""The layer, graded: a class is used where it runs, and judged outside."""

import pytest

from lora_course.grading.records import Status
from tests.chapters.ch01_low_rank_update.answers import ADD, MERGED, OUTPUT, layer
from tests.grading.notebooks import graded

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("sandbox")]


def the_layer(**changes):
    return layer(**changes).replace("class answer", "class LoRALayer")


def points(result, question):
    return result.results[question].points, result.results[question].mistakes


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (the_layer(), 3),
        (the_layer(merged="return ..."), 2),
        (the_layer(output=OUTPUT.replace("self.alpha / self.rank", "1")), 2),
        (the_layer(add=ADD.replace("base.requires_grad_(False)", "")), 2),
        (the_layer(output="return type('X', (), {'__eq__': lambda *a: True})()"), 2),
        ("LoRALayer = 3", 0),
        ("LoRALayer = ...", 0),
    ],
)
def test_a_class_is_used_in_the_sandbox_and_judged_outside(tmp_path, code, expected):
    result = graded(tmp_path, 1, code)
    assert result.status is Status.OK and points(result, "layer")[0] == expected
    assert result.score == expected


def test_a_class_that_ends_the_kernel_or_never_returns_costs_only_its_own_parts(tmp_path):
    ends = the_layer(merged="import os; os._exit(1)")
    saving = "def largest_saving_rank(a, b):\n    return (a * b - 1) // (a + b)"
    result = graded(tmp_path, 1, ends, saving)
    assert result.status is Status.DIED and points(result, "saving")[0] == 2
    waits = the_layer(output="while True: pass")
    result = graded(tmp_path, 1, waits, saving, cell_seconds=30)
    assert result.status is Status.TIME and points(result, "saving")[0] == 2


@pytest.mark.parametrize("value", ["True", "{'output': 1}", "3 * [x]", "'x' * 10**7"])
def test_a_replaced_probe_has_to_compute_what_it_reports(tmp_path, value):
    replaced = (
        "import lora_course.chapters.ch01_low_rank_update.layer_probe as probe\n"
        f"def use_layer(answer, what, weight, bias, rank, alpha, a, b, x):\n    return {value}\n"
        "probe.use_layer = use_layer\nLoRALayer = print"
    )
    result = graded(tmp_path, 1, replaced)
    assert result.score == 0


def test_merging_in_place_is_seen_from_outside(tmp_path):
    in_place = MERGED.replace("return self.base.weight +", "self.base.weight.data +=")
    code = the_layer(merged=f"{in_place}\n        return self.base.weight")
    assert "the base was changed" in points(graded(tmp_path, 1, code), "layer")[1]
