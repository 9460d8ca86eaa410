"""Change alpha; then find the rate and the start that bring the old path back."""

from __future__ import annotations

from lora_course.chapters.ch03_scale.experiment import PATH_STEPS, trace
from lora_course.core.planted import ERROR, OPTIMIZERS
from lora_course.display.explorer import Explorer, buttons, chooser
from lora_course.display.plots import loss_lines

FACTORS = {"1/16": 1 / 16, "1/8": 1 / 8, "1/4": 1 / 4, "1/2": 1 / 2} | {
    str(factor): float(factor) for factor in (1, 2, 4, 8, 16)
}
SAME = 1e-4  # paths closer than this are one; Adam's eps parts them by less


def path_explorer() -> Explorer:
    """Optimizer and factors of alpha, rate and start -> the path beside the old one.

    It opens on Adam with four times the alpha and a quarter of the rate: the same first step, and
    then a path that is seen to be another.
    """
    near = [name for name, factor in FACTORS.items() if 1 / 4 <= factor <= 4]
    controls = {
        "optimizer": buttons("optimizer", OPTIMIZERS, "Adam"),
        "alpha": chooser("alpha times", near, "4", few=("1", "4")),
        "rate": chooser("learning rate times", list(FACTORS), "1/4", few=("1/4", "1/2", "1")),
        "spread": chooser("spread of A times", near, "1", few=("1/2", "1", "2")),
    }
    return Explorer(controls, _view)


def _view(optimizer: str, alpha: str, rate: str, spread: str) -> str:
    old = trace(optimizer)
    new = trace(optimizer, FACTORS[alpha], FACTORS[rate], FACTORS[spread])
    label = f"alpha × {alpha}, rate × {rate}, spread × {spread}"
    shown = new.clamp(max=1e3).nan_to_num(1e3)
    picture = loss_lines({"old path": old, label: shown}, ERROR, log=True)
    after = {1: 1, PATH_STEPS - 1: -1}
    losses = "; ".join(
        f"after {step} step{'s' * (step > 1)}: {old[at].item():.3g} on the old path,"
        f" {new[at].item():.3g} on yours"
        for step, at in after.items()
    )
    apart = (new - old).abs().max().item()
    if not apart < 1e6:
        words = "it diverges"
    else:
        words = "the same path" if apart < SAME else "another path"
    return picture.to_html() + f"<p>Loss {losses}. So: <strong>{words}</strong>.</p>"
