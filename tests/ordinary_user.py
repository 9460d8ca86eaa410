"""The same as a user without privileges, where the tests run as root: a sandbox is another then."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import WATCHDOG, is_root

ROOT = Path(__file__).resolve().parent.parent
USER = 1000
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
# A Python that this user may read: root's own need not be.
PYTHON = Path(f"/usr/bin/{VERSION}")

possible = pytest.mark.skipif(
    not is_root() or not PYTHON.exists() or not shutil.which("setpriv"),
    reason="needs root, to become another user, and a Python that this user may read",
)


@contextmanager
def home():
    """A folder of the user's own. pytest's lie in one that every run closes to others."""
    with tempfile.TemporaryDirectory(prefix="home-", ignore_cleanup_errors=True) as folder:
        os.chown(folder, USER, USER)
        yield Path(folder)


def run(home, *arguments, seconds=WATCHDOG, **variables):
    """Python with these arguments, as the user at home in `home`; whatever it wrote, as text."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{packages}",
        **variables,
    }
    become = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
    return subprocess.run(
        [*become, "--inh-caps=-all", str(PYTHON), *map(str, arguments)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
