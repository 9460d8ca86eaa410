"""Chapter 1's questions, beyond their tables: a layer that hides what trains."""

import torch

from lora_course.chapters.ch01_low_rank_update import questions as ch01
from tests.checks.test_hostile import AlwaysEqual, SameTypeAsAll


class Unfrozen(torch.nn.Module):
    """A layer that leaves its base unfrozen and says nothing of it."""

    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base = base
        self.lora_A = torch.nn.Parameter(torch.ones(rank, base.in_features))
        self.lora_B = torch.nn.Parameter(torch.zeros(base.out_features, rank))

    def named_parameters(self, *arguments, **named):
        yield from [("lora_A", self.lora_A), ("lora_B", self.lora_B)]

    def forward(self, x):
        return SameTypeAsAll()

    def merged_weight(self):
        return AlwaysEqual()


def test_a_layer_cannot_hide_what_trains_nor_pass_with_objects():
    result = ch01.layer.check(Unfrozen)
    assert result.points == 0 and "the base trains" in result.mistakes, str(result)
