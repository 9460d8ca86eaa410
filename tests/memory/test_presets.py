"""Presets are the published models: each has as many parameters as its checkpoint."""

import pytest

from lora_course.memory import PRESETS, StepSetting, estimate, lora_config
from lora_course.memory.meta import base_model

# Every parameter, shared ones once, as the authors give it or the Hub's page of a checkpoint
# ("safetensors: total"). Where that has more than trains, see `beside`.
PUBLISHED = {
    "Llama-3.2-1B": 1_235_814_400,
    "Llama-3.2-3B": 3_212_749_824,
    "Llama-2-7B": 6_738_415_616,
    "Mistral-7B": 7_241_732_096,
    "Llama-3.1-8B": 8_030_261_248,
    "Llama-3.1-70B": 70_553_706_496,
    "Llama-3.1-405B": 405_853_388_800,
    "TinyLlama-1.1B": 1_100_048_384,
    "SmolLM2-135M": 134_515_008,
    "Mixtral-8x7B": 46_702_792_704,
    "Qwen2.5-0.5B": 494_032_768,
    "Qwen2.5-7B": 7_615_616_512,
    "Qwen3-0.6B": 596_049_920,
    "Qwen3-8B": 8_190_735_360,
    "Qwen3-30B-A3B": 30_532_122_624,
    "Gemma-2-2B": 2_614_341_888,
    "Gemma-2-9B": 9_241_705_984,
    "Phi-3-mini": 3_821_079_552,
    "GPT-2": 124_439_808,
    "GPT-2-XL": 1_557_611_200,
    "BERT-base": 109_514_298,
    "T5-small": 60_506_624,
    "T5-base": 222_903_552,
    "ViT-base": 86_567_656,
    # meta-llama/Llama-3.3-70B-Instruct
    "Llama-3.3-70B": 70_553_706_496,
    # HuggingFaceTB/SmolLM3-3B
    "SmolLM3-3B": 3_075_098_624,
    # Qwen/Qwen3-1.7B, -4B, -14B, -32B, -235B-A22B
    "Qwen3-1.7B": 2_031_739_904,
    "Qwen3-4B": 4_022_468_096,
    "Qwen3-14B": 14_768_307_200,
    "Qwen3-32B": 32_762_123_264,
    "Qwen3-235B-A22B": 235_093_634_560,
    # google/gemma-3-270m, -1b-it, -4b-it, -12b-it, -27b-it
    "Gemma-3-270M": 268_098_176,
    "Gemma-3-1B": 999_885_952,
    "Gemma-3-4B": 4_300_079_472,
    "Gemma-3-12B": 12_187_325_040,
    "Gemma-3-27B": 27_432_406_640,
    # google/gemma-4-E2B-it, -E4B-it, -12B-it, -26B-A4B-it, -31B-it
    "Gemma-4-E2B": 5_123_178_051,
    "Gemma-4-E4B": 7_996_156_490,
    "Gemma-4-12B": 11_959_730_224,
    "Gemma-4-26B-A4B": 25_805_936_206,
    "Gemma-4-31B": 31_273_088_876,
    # openai/gpt-oss-20b, -120b
    "gpt-oss-20b": 20_914_757_184,
    "gpt-oss-120b": 116_829_156_672,
    # mistralai/Ministral-3-3B-Instruct-2512, -8B-, -14B-
    "Ministral-3-3B": 3_849_090_048,
    "Ministral-3-8B": 8_918_026_716,
    "Ministral-3-14B": 13_945_032_240,
    # deepseek-ai/DeepSeek-V3: the main model of its checkpoint, "671B" in its report
    "DeepSeek-V3": 671_026_419_200,
    # THUDM/GLM-4-9B-0414, zai-org/GLM-4.5-Air, -4.5, -4.6
    "GLM-4-9B-0414": 9_400_279_040,
    "GLM-4.5-Air": 110_468_824_832,
    "GLM-4.5": 358_337_791_296,
    "GLM-4.6": 356_785_898_816,
    # Qwen/Qwen3.5-0.8B, -2B, -4B, -9B, -27B, -35B-A3B, -122B-A10B, -397B-A17B
    "Qwen3.5-0.8B": 873_438_784,
    "Qwen3.5-2B": 2_274_069_824,
    "Qwen3.5-4B": 4_659_865_088,
    "Qwen3.5-9B": 9_653_104_368,
    "Qwen3.5-27B": 27_781_427_952,
    "Qwen3.5-35B-A3B": 35_951_822_704,
    "Qwen3.5-122B-A10B": 125_086_497_008,
    "Qwen3.5-397B-A17B": 403_397_928_944,
}
BESIDE = {
    "Qwen3-1.7B": 151_936 * 2048,  # the shared table a second time
    # A factor for each layer, not trained. In the small ones also keys, values and their norms of
    # layers that use an earlier layer's; in the large ones a scale and a shift of what the image
    # encoder sees.
    "Gemma-4-E2B": 35 + 16 * (2 * 1536 * 256 + 256) + 4 * (2 * 1536 * 512 + 512),
    "Gemma-4-E4B": 42 + 15 * (2 * 2560 * 512 + 256) + 3 * (2 * 2560 * 1024 + 512),
    "Gemma-4-12B": 48,
    "Gemma-4-26B-A4B": 30 + 2 * 1152,
    "Gemma-4-31B": 60 + 2 * 1152,
    # Two scales for each of seven 8-bit matrices in a layer.
    "Ministral-3-8B": 34 * 7 * 2,
    "Ministral-3-14B": 40 * 7 * 2,
    # A bias of each expert for choosing it, which no gradient trains.
    "DeepSeek-V3": 58 * 256,
    # The same, also for the layer that `next_token` counts; and that layer's own table and head.
    "GLM-4.5-Air": 46 * 128 + 2 * 151_552 * 4096,
    "GLM-4.5": 90 * 160 + 2 * 151_552 * 5120,
    "GLM-4.6": 90 * 160,
}


def next_token(base):
    """A layer more for the token after the next, which transformers leaves on disk: one like the
    last, behind a matrix that joins two vectors, and three norms."""
    layer = base.get_decoder().layers[-1]
    hidden = base.config.get_text_config().hidden_size
    return sum(p.numel() for p in layer.parameters()) + 2 * hidden**2 + 3 * hidden


def beside(name, base):
    """What the published number has beside the parameters of a model that is trained."""
    more = next_token(base) if name.startswith(("Qwen3.5", "GLM-4.5", "GLM-4.6")) else 0
    return BESIDE.get(name, 0) + more


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_the_published_number_of_parameters(name):
    base = base_model(name)
    count = sum(p.numel() for p in base.parameters())
    assert count + beside(name, base) == PUBLISHED[name]


@pytest.mark.long
@pytest.mark.parametrize("name", ["Gemma-3-4B", "Gemma-4-E2B", "Ministral-3-3B", "Qwen3.5-0.8B"])
def test_a_model_that_sees_as_well_is_estimated_on_text(name):
    told = estimate(name, lora_config(8), StepSetting(seq_length=64))
    assert told.kind.endswith("ForConditionalGeneration")
    assert told.peak > 2 * (told.count.total - told.count.trainable)  # bytes in bf16
