"""Silence lasts as long as it is asked for, and changes nothing that a user chose."""

import logging
import subprocess
import sys
import warnings

import pytest
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars
from huggingface_hub.utils.tqdm import progress_bar_states
from transformers.utils import logging as chatter

from lora_course.silence import silence_libraries

BITSANDBYTES = logging.getLogger("bitsandbytes")


def state():
    bars = chatter.is_progress_bar_enabled(), dict(progress_bar_states)
    return bars, chatter.get_verbosity(), BITSANDBYTES.level, list(warnings.filters)


@pytest.fixture(autouse=True)
def as_it_was():
    bars, verbosity = chatter.is_progress_bar_enabled(), chatter.get_verbosity()
    hub, level = dict(progress_bar_states), BITSANDBYTES.level
    yield
    (chatter.enable_progress_bar if bars else chatter.disable_progress_bar)()
    chatter.set_verbosity(verbosity)
    BITSANDBYTES.setLevel(level)
    progress_bar_states.clear()
    progress_bar_states.update(hub)


def nothing():
    pass


def no_bars_and_all_warnings():
    chatter.disable_progress_bar()
    chatter.set_verbosity_info()
    BITSANDBYTES.setLevel(logging.DEBUG)


def some_of_the_hubs_bars():
    chatter.enable_progress_bar()
    disable_progress_bars("datasets")


def none_of_the_hubs_bars():
    chatter.enable_progress_bar()
    disable_progress_bars()


@pytest.mark.parametrize(
    "choose", [nothing, no_bars_and_all_warnings, some_of_the_hubs_bars, none_of_the_hubs_bars]
)
def test_what_the_user_chose_is_as_it_was(choose):
    choose()
    before = state()
    with silence_libraries():
        assert not chatter.is_progress_bar_enabled() and are_progress_bars_disabled()
        assert chatter.get_verbosity() == BITSANDBYTES.level == logging.ERROR
    assert state() == before
    with pytest.raises(KeyError), silence_libraries():
        raise KeyError
    assert state() == before


def test_a_learners_first_peft_model_warns_of_nothing():
    code = """
import lora_course
from peft import LoraConfig, get_peft_model
from lora_course.tasks.style import StyleShift
get_peft_model(StyleShift().model(), LoraConfig(r=2, target_modules="all-linear"))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
