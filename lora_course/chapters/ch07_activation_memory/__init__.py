"""Activations: what is kept for the backward pass, and why LoRA does not save it."""
