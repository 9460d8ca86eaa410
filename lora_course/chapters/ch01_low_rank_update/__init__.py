"""The low-rank update: what rank an update can have, and how low that of real ones is."""
