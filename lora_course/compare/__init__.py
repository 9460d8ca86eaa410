"""Compare ranks on your own model and data: `lora-course compare-ranks`."""
