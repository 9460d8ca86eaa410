"""Rank selection: where rank stops paying, what it costs, and which rank numbers defend."""
