"""Less chatter from libraries, where what they warn of is meant."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Of libraries, to people who can do nothing about it: 4-bit layers have a slower way on a processor
# without the package that is missed, and PEFT asks transformers by an old name.
MISSED, OLD_NAME = (
    "Failed to load CPU gemm_4bit_forward",
    "`is_gradient_checkpointing` is deprecated",
)


def silence_known() -> None:
    """From now on without the two warnings that a library gives to each user of this course."""
    warnings.filterwarnings("ignore", OLD_NAME, FutureWarning)
    logging.getLogger("bitsandbytes.backends.cpu.ops").addFilter(
        lambda record: MISSED not in str(record.msg)
    )


@contextmanager
def silence_libraries() -> Iterator[None]:
    """No bars, and no warnings: of a new head, which is meant to be new, or of other libraries.

    What the user had chosen is as it was afterwards.
    """
    from huggingface_hub.utils.tqdm import progress_bar_states as hub_bars
    from transformers.utils import logging as chatter

    loggers = [logging.getLogger(name) for name in (chatter.get_logger().name, "bitsandbytes")]
    levels = [logger.level for logger in loggers]
    bars, bars_of_hub = chatter.is_progress_bar_enabled(), dict(hub_bars)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        # Where an environment variable decides on the Hub's bars, it says so each time.
        warnings.filterwarnings("ignore", "Cannot (en|dis)able progress bars")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        chatter.disable_progress_bar()
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if bars:
                chatter.enable_progress_bar()
            # Transformers turns the Hub's on and off with its own, for all of the Hub's groups.
            hub_bars.clear()
            hub_bars.update(bars_of_hub)
