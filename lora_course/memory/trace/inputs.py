"""A batch for a training step of any kind of model: of zeros, since only shapes count."""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
from torch import Tensor

from lora_course.memory.inexact import TEXT_ALONE, Inexact
from lora_course.memory.meta import DTYPES
from lora_course.memory.setting import StepSetting

# Classes by the end of their names: one label a sequence; and losses that look at values.
ONE_LABEL = ("SequenceClassification", "ImageClassification", "AudioClassification")
LOSS_OF_VALUES = ("ForCTC",)


def batch_of(base: Any, setting: StepSetting) -> tuple[dict[str, Tensor], tuple[Inexact, ...]]:
    """What a step of `base` takes, labels included, and what of a real batch is not in it.

    Text: `batch_size` × `seq_length` tokens. Images: of the configuration's size. Sound: for
    spectra the encoder's own length, for waves a frame a token.
    """
    takes = inspect.signature(base.forward).parameters
    main = getattr(base, "main_input_name", "input_ids")
    missing: tuple[Inexact, ...] = ()
    if main == "pixel_values":
        given = {main: _images(base, setting)}
    elif main == "input_features":
        given = {main: _spectra(base, setting)}
    elif main == "input_values":
        given = {main: _waves(base, setting)}
    else:
        given = {"input_ids": _ids(setting)}
        if setting.padded:
            given["attention_mask"] = torch.ones_like(given["input_ids"])
        if "return_loss" in takes and "pixel_values" in takes:  # text and images compared
            given |= {"pixel_values": _images(base, setting), "return_loss": torch.tensor(True)}
        elif "pixel_values" in takes:
            missing = (TEXT_ALONE,)
    if "ForConditionalGeneration" in type(base).__name__ and "input_ids" not in given:
        given["labels"] = _ids(setting)
    elif "return_loss" not in given:
        given |= _labels(type(base).__name__, takes, setting)
    return given, missing


def _ids(setting: StepSetting) -> Tensor:
    return torch.zeros(setting.batch_size, setting.seq_length, dtype=torch.long)


def _labels(kind: str, takes: Any, setting: StepSetting) -> dict[str, Tensor]:
    """The labels that a class of that name learns from; none where it has no loss of its own."""
    one = torch.zeros(setting.batch_size, dtype=torch.long)
    if kind.endswith(LOSS_OF_VALUES):
        return {}
    if kind.endswith(ONE_LABEL):
        return {"labels": one}
    if "start_positions" in takes:
        return {"start_positions": one, "end_positions": one}
    return {"labels": _ids(setting)} if "labels" in takes else {}


def _images(base: Any, setting: StepSetting) -> Tensor:
    config = getattr(base.config, "vision_config", base.config)
    side = getattr(config, "image_size", None) or 224  # convolutional networks take any
    height, width = side if isinstance(side, tuple | list) else (side, side)
    channels = getattr(config, "num_channels", 3)
    size = (setting.batch_size, channels, height, width)
    return torch.zeros(size, dtype=DTYPES[setting.dtype])


def _spectra(base: Any, setting: StepSetting) -> Tensor:
    """Whisper's kind: as many frames as the encoder has positions for, after a stride of 2."""
    config = base.config
    size = (setting.batch_size, config.num_mel_bins, 2 * config.max_source_positions)
    return torch.zeros(size, dtype=DTYPES[setting.dtype])


def _waves(base: Any, setting: StepSetting) -> Tensor:
    """wav2vec 2.0's kind: the samples of `seq_length` frames (of 320, 20 ms, in most models)."""
    if not hasattr(base.config, "conv_stride"):  # spectra all the same, of a length of their own
        spectra = (setting.batch_size, base.config.max_length, base.config.num_mel_bins)
        return torch.zeros(spectra, dtype=DTYPES[setting.dtype])
    frame = math.prod(base.config.conv_stride)
    size = (setting.batch_size, (setting.seq_length + 1) * frame)
    return torch.zeros(size, dtype=DTYPES[setting.dtype])
