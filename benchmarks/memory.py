"""The memory estimator: what it takes, and how near the truth it is, beside accelerate's."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.rows import Row, at_most

# In a process of its own, after imports and a small case: CPU seconds, and MiB above those before.
PROGRAM = """
import gc, json, statistics, time
import torch
torch.set_num_threads(1)
from lora_course.memory import Setting, count_parameters, estimate, lora_config

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
small = Setting(seq_length=16)
estimate("SmolLM2-135M", lora, small)
counts = [measured(lambda: count_parameters("Llama-3.1-405B", lora)) for _ in range(5)]
# The first one's memory: what it leaves to Python's heap the others use again.
count = statistics.median(seconds for seconds, _ in counts), counts[0][1]
step = measured(lambda: estimate("Llama-3.1-70B", lora, Setting(seq_length=4096)))
print(json.dumps([count, step]))
"""


def accelerates_peak(config: object) -> float:
    """Bytes of a training step as accelerate's `estimate-memory` has them; it knows no adapters."""
    from accelerate.commands.estimate import estimate_training_usage
    from accelerate.utils import calculate_maximum_sizes

    from lora_course.memory.meta import base_model

    total, _ = calculate_maximum_sizes(base_model(config))
    return float(estimate_training_usage(total, "float32")["step"])


def measure() -> list[Row]:
    """CPU time and memory on large models; the peak on a small one, against the allocator."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    (count, count_mib), (step, step_mib) = json.loads(done.stdout.splitlines()[-1])
    from lora_course.memory import estimate, lora_config
    from lora_course.memory.validation import measure as cases
    from lora_course.memory.validation import real
    from lora_course.memory.validation.families import FAMILIES

    config, lora = FAMILIES["Llama"].config, lora_config(8)
    setting = cases.STEP
    truth = real.peak_bytes(real.build(config, lora, setting), setting)
    ours = estimate(config, lora, setting).peak
    case = "peak of a step of a small Llama, rank 8, 8 × 256 tokens"
    return [
        Row("memory.count.cpu", "count a 405B model with adapters", count, "s", at_most(1)),
        Row("memory.count.mib", "the same: memory beyond imports", count_mib, "MiB", at_most(30)),
        Row("memory.step.cpu", "trace a 70B step of 4,096 tokens", step, "s", at_most(30)),
        Row("memory.step.mib", "the same: memory beyond imports", step_mib, "MiB", at_most(100)),
        Row("memory.peak", f"{case}, in truth", truth / 1e6, "MB"),
        Row("memory.ours", "ours, off by", 100 * abs(ours / truth - 1), "%", at_most(0.1)),
        Row(
            "memory.accelerate",
            "accelerate's estimate, which knows no adapters and no tokens, off by",
            100 * abs(accelerates_peak(config) / truth - 1),
            "%",
        ),
    ]
