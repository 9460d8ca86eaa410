"""How right the estimates are: against real models, built and trained here, and published figures.

`python -m lora_course.memory.validation` measures everything again and writes docs/memory.md.
"""
