"""What the chapter measures."""

from lora_course.chapters.ch09_time.experiment import mean_loss
from lora_course.chapters.ch09_time.figure import draw


def test_a_higher_rank_leaves_less():
    losses = {rank: mean_loss(rank, seeds=(0,)) for rank in (1, 4)}
    assert 0 < losses[4] < losses[1]
    assert "r=4" in draw(losses).alt
