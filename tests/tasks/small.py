"""A style shift so small that it trains in a second."""

from lora_course.tasks.style import StyleShift

SMALL = StyleShift(length=16, batch_size=2, train_bytes=150_000, test_bytes=15_000)
