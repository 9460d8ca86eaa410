"""Where the time goes: the FLOPs of a step, the time it takes, and what lies between the two."""
