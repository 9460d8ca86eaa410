"""Questions with checks: `from lora_course.checks import ch04; ch04.lora_params.check(answer)`."""
