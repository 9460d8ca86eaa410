"""Small data and settings for comparing ranks, as that command's own tests have them."""

from tests.compare.conftest import model, rows, settings, table

__all__ = ["model", "rows", "settings", "table"]
