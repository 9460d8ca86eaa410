"""Move the rank: how much of a real update is left?"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from lora_course.chapters.ch01_low_rank_update.figure import update_beside_nearest
from lora_course.core.spectrum import energy_shares
from lora_course.display.explorer import Explorer, chooser

RANKS = (1, 2, 4, 8, 16, 32, 64, 128)


def update_explorer(updates: Mapping[str, Tensor]) -> Explorer:
    """A layer and a rank -> its update, the nearest of that rank, and what that holds."""
    short = {name.removeprefix("model.layers."): name for name in updates}
    controls = {
        "layer": chooser("layer", list(short), next(iter(short)), on_release=True),
        "rank": chooser("rank r", RANKS, 8, on_release=True),
    }

    def show(layer: str, rank: int) -> str:
        update = updates[short[layer]]
        share = energy_shares(update)[rank - 1].item()
        kept = rank * sum(update.shape)
        return update_beside_nearest(update, rank, layer).to_html() + (
            f"<p>Rank {rank} holds {share:.0%} of the update's energy in {kept:,} numbers; the"
            f" whole update has {update.numel():,}.</p>"
        )

    return Explorer(controls, show)
