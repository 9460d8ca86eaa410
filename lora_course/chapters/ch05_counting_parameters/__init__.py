"""Counting parameters: what trains, how large the file is, and what stays frozen, for any model."""
