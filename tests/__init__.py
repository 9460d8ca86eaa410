"""What tests of all kinds need to know of the machine they run on."""

import os

WATCHDOG = 600  # seconds after which what hangs is ended; no test rests on it


def is_root():
    """Whether this is root's process; Windows has none."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
