"""Alpha, scale and step size: which settings are one training, and what the rank changes."""
