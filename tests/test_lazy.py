"""Every name that a package loads on first use is there."""

import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["lora_course", "lora_course.memory"])
def test_all_names_load(package):
    module = import_module(package)
    assert module.__all__ and all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing


def test_importing_the_packages_loads_no_torch():
    code = "import sys, lora_course, lora_course.memory; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
