"""Activation checkpointing: which bytes it saves, what it costs in FLOPs, and its traps."""
