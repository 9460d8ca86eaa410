"""What tests of all kinds need to know of the machine they run on."""

import os
import signal

WATCHDOG = 600  # seconds after which what hangs is ended; no test rests on it


def is_root():
    """Whether this is root's process; Windows has none."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def takes_interrupts():
    """For a new process: Ctrl-C ends it, even where the tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
