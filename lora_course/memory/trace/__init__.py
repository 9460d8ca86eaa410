"""One training step on fake tensors, which have shapes and no values: what it holds, when, and how
much it computes."""
