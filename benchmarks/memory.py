"""The memory estimator: what it takes, and how near the truth it is, beside other calculators."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.clock import run_python
from benchmarks.rows import Row, at_most

# In a process of its own, after imports and a small case: CPU seconds, and MiB above those before.
PROGRAM = """
import contextlib, gc, io, json, statistics, time
import torch
torch.set_num_threads(1)
from lora_course.cli import main
from lora_course.memory import StepSetting, count_parameters, estimate, lora_config

def answer():
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(["memory", "Llama-3.1-8B", "--rank", "8", "16", "32", "64"]) == 0

def status(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

def measured(call):
    gc.collect()
    open("/proc/self/clear_refs", "w").write("5")  # the peak so far is forgotten
    before, start = status("VmRSS"), time.process_time()
    call()
    return time.process_time() - start, status("VmHWM") - before

lora = lora_config(16)
small = StepSetting(seq_length=16)
estimate("SmolLM2-135M", lora, small)
counts = [measured(lambda: count_parameters("Llama-3.1-405B", lora)) for _ in range(5)]
# The first one's memory: what it leaves to Python's heap the others use again.
count = statistics.median(seconds for seconds, _ in counts), counts[0][1]
step = measured(lambda: estimate("Llama-3.1-70B", lora, StepSetting(seq_length=4096)))
experts = measured(lambda: estimate("gpt-oss-20b", lora, StepSetting(seq_length=64)))
print(json.dumps([count, step, measured(answer), experts]))
"""


def accelerates(config: dict[str, Any]) -> float:
    """Bytes of a training step as accelerate's `estimate-memory` has them; it knows no adapters."""
    from accelerate.commands.estimate import estimate_training_usage
    from accelerate.utils import calculate_maximum_sizes

    from lora_course.memory.meta import base_model

    total, _ = calculate_maximum_sizes(base_model(config))
    return float(estimate_training_usage(total, "float32")["step"])


def fitchecks(config: dict[str, Any], precision: str, rank: int, batch: int, length: int) -> float:
    """Bytes as fitcheck has them, without what it adds for a GPU."""
    from fitcheck import ModelConfig, TrainingConfig, estimate, get_gpu
    from fitcheck.cli import LORA_TARGETS_FULL

    from lora_course.memory.meta import base_model

    model = ModelConfig(
        name="small",
        num_params=sum(p.numel() for p in base_model(config).parameters()),
        hidden_size=config["hidden_size"],
        num_layers=config["num_hidden_layers"],
        num_attention_heads=config["num_attention_heads"],
        num_kv_heads=config["num_key_value_heads"],
        intermediate_size=config["intermediate_size"],
        vocab_size=config["vocab_size"],
        head_dim=config["head_dim"],
        tie_word_embeddings=False,
    )
    training = TrainingConfig(
        precision=precision,
        batch_size=batch,
        seq_len=length,
        lora_rank=rank,
        lora_targets=list(LORA_TARGETS_FULL),
        flash_attn=True,
    )
    found = estimate(model, training, get_gpu("4090"))
    return float((found.total_mib - found.overhead_mib) * 2**20)


def errors(case: str) -> list[Row]:
    """How far ours and two others are from the allocator, on a small Llama at rank 8."""
    from lora_course.memory import estimate, lora_config
    from lora_course.memory.validation import real
    from lora_course.memory.validation.families import FAMILIES
    from lora_course.memory.validation.measure import SETTINGS

    config, lora, setting = FAMILIES["Llama"].config, lora_config(8), SETTINGS[case]
    truth = real.peak_bytes(real.build(config, lora, setting), setting)
    sizes = (setting.batch_size, setting.seq_length)
    others = {
        "fitcheck's, off by": fitchecks(config, setting.precision, 8, *sizes),
        "accelerate's, which knows no adapters and no tokens, off by": accelerates(config),
    }
    what = f"peak of a step of a small Llama in {case}, rank 8, {sizes[0]} × {sizes[1]} tokens"
    ours = 100 * abs(estimate(config, lora, setting).peak / truth - 1)
    rows = [
        Row(f"memory.{case}.true", f"{what}, measured", truth / 1e6, "MB"),
        Row(f"memory.{case}.ours", "our estimate, off by", ours, "%", at_most(0.1)),
    ]
    for name, size in others.items():
        short = name.partition("'")[0]
        rows.append(Row(f"memory.{case}.{short}", name, 100 * abs(size / truth - 1), "%"))
    return rows


def measure() -> list[Row]:
    """CPU time and memory on large models; errors on a small one, against the allocator."""
    measured = json.loads(run_python(PROGRAM).splitlines()[-1])
    (count, count_mib), (step, step_mib), (answer, _), (experts, _) = measured
    whole = "an 8B's whole answer: four ranks, and what frees most"
    return [
        Row("memory.count.cpu", "count a 405B model with adapters", count, "s", at_most(1)),
        Row("memory.count.mib", "the same: memory beyond imports", count_mib, "MiB", at_most(30)),
        Row("memory.step.cpu", "trace a 70B step of 4,096 tokens", step, "s", at_most(30)),
        Row("memory.step.mib", "the same: memory beyond imports", step_mib, "MiB", at_most(100)),
        Row("memory.answer.cpu", whole, answer, "s", at_most(10)),
        Row("memory.experts.cpu", "trace gpt-oss-20b's 64 tokens", experts, "s", at_most(20)),
        *errors("fp32"),
        *errors("bf16"),
    ]
