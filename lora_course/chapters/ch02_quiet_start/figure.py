"""Figures of starts: the first gradients of A and B, and the loss from each start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from lora_course.display.plots import COLOURS, DASHES, MARKERS, Picture, loss_lines, panels


def first_steps(norms: Mapping[str, Mapping[str, Tensor]]) -> Picture:
    """Gradient norms of A and of B before each step, a panel a start; on one scale."""
    with panels(len(norms)) as (figure, all_axes):
        said = []
        largest = max(float(values.max()) for both in norms.values() for values in both.values())
        for axes, (start, both) in zip(all_axes, norms.items(), strict=True):
            for style, (part, values) in enumerate(both.items()):
                axes.plot(
                    range(1, len(values) + 1),
                    values.tolist(),
                    color=COLOURS[style],
                    marker=MARKERS[style],
                    linestyle=DASHES[style],
                    label=f"gradient of {part}",
                )
                numbers = ", ".join(f"{value:.2g}" for value in values.tolist())
                said.append(f"{start}, gradient of {part}: {numbers}")
            axes.set_title(start, fontsize=11)
            axes.set_xlabel("step")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_ylim(-0.05 * largest, 1.1 * largest)
        all_axes[0].set_ylabel("norm of the gradient")
        all_axes[0].legend()
        figure.set_size_inches(3.0 * len(norms) + 1, 3.2)
        return Picture(figure, "Size of the first gradients. " + "; ".join(said) + ".")


def loss_curves(curves: Mapping[str, Sequence[Tensor]], window: int = 5) -> Picture:
    """Training loss from each start: the mean over its runs, smoothed over `window` steps."""
    means = {label: torch.stack(list(runs)).double().mean(0) for label, runs in curves.items()}
    smooth = {label: mean.unfold(0, window, 1).mean(-1) for label, mean in means.items()}
    return loss_lines(smooth, f"training loss (nats a token), mean of {window} steps")
