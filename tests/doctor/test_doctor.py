"""`lora-course doctor` names each fault that is planted, and what to do about it."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from lora_course import doctor
from lora_course.cli import main
from lora_course.doctor import installed, machine


def line(name):
    """The finding of one check, as it is printed."""
    return next(str(finding) for finding in doctor.examine() if finding.name.lower() == name)


def test_a_sound_machine_has_nothing_to_fix(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("ok ") == len(doctor.CHECKS) and "Everything is ready" in printed
    assert "all as tested" in printed and "CPU build" in printed


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert doctor.python().todo.startswith("install Python 3.11 or newer")


def test_a_missing_package_and_an_old_one(monkeypatch):
    real = metadata.version

    def version(name):
        if name == "peft":
            raise metadata.PackageNotFoundError
        return "4.1.0" if name == "transformers" else real(name)

    monkeypatch.setattr(installed.metadata, "version", version)
    finding = doctor.packages()
    assert "peft is missing" in finding.found
    assert "transformers is 4.1.0, needed >=5.0" in finding.found
    assert "make setup" in finding.todo


def test_another_version_than_the_tested_one_is_told_but_is_no_fault(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text("# made\npeft==0.20.0\nnumpy==1.0 ; sys_platform == 'never'\n")
    finding = doctor.packages(lock)
    assert finding.ok and "(tested: 0.20.0)" in finding.found and "numpy" not in finding.found
    assert "no lock file" in doctor.packages(tmp_path / "none").found


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise OSError('libtorch_cpu.so: cannot open shared object')", "libtorch_cpu.so"),
        pytest.param(
            "import os; os.abort()",
            "ended with status -6",
            marks=pytest.mark.skipif(os.name == "nt", reason="Windows ends processes otherwise"),
        ),
        ("raise ModuleNotFoundError('No module named torch.nn')", "No module named"),
    ],
)
def test_a_broken_torch(tmp_path, monkeypatch, code, words):
    (tmp_path / "torch.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = doctor.torch()
    assert words in finding.found and "uninstall -y torch" in finding.todo


def test_a_torch_that_hangs(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(installed, "IMPORT_SECONDS", 1)
    assert "did not import" in doctor.torch().found


def test_little_memory(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=300_000_000))
    finding = doctor.memory()
    assert "300 MB free" in finding.found and "close other programs" in finding.todo


@pytest.mark.parametrize(
    ("folder", "most", "used", "pages"),
    [
        (".", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ],
)
def test_memory_of_a_container(tmp_path, folder, most, used, pages):
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    (place / most).write_text("2000000000\n")
    (place / used).write_text("1500000000\n")
    (place / "memory.stat").write_text(f"anon 7\n{pages} 400000000\n")
    assert list(machine._group_memory(tmp_path)) == [900_000_000]
    (place / most).write_text("max\n")
    assert list(machine._group_memory(tmp_path)) == []


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    def refuse(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine.tempfile, "TemporaryFile", refuse)
    finding = doctor.folder()
    assert f"{tmp_path} cannot be written to" in finding.found and "copy the course" in finding.todo


def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    assert "make room" in doctor.folder().todo


def kernel_spec(folder, *argv):
    folder = folder / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return folder


def test_a_kernel_that_is_another_python(tmp_path, monkeypatch):
    folder = kernel_spec(tmp_path, "/opt/other/bin/python", "-m", "ipykernel_launcher")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert "/opt/other/bin/python" in line("kernel") and f"remove {folder}" in line("kernel")


@pytest.mark.parametrize("program", ["python", str(Path(sys.executable).parent / "python3")])
def test_a_kernel_that_is_this_python(tmp_path, monkeypatch, program):
    kernel_spec(tmp_path, program, "-m", "ipykernel_launcher")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert doctor.kernel().ok


def test_no_kernel(monkeypatch):
    from jupyter_client import kernelspec

    def none(self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", none)
    assert "ipykernel install" in doctor.kernel().todo


def test_no_front_end_for_the_widgets(tmp_path, monkeypatch):
    import jupyter_core.paths

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *names: [str(tmp_path)])
    assert "jupyterlab_widgets" in doctor.widgets().todo


@pytest.mark.parametrize(
    "content", ["", '{"cells": [', "<<<<<<< HEAD\n{}", '{"cells": 3, "nbformat": 4}', "[]"]
)
def test_a_notebook_that_cannot_be_opened(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notebooks").mkdir()
    assert doctor.notebooks().ok
    (tmp_path / "notebooks" / "04_cut.ipynb").write_text(content)
    told = line("notebooks")
    assert "notebooks/04_cut.ipynb cannot be opened" in told
    assert "git checkout -- notebooks/04_cut.ipynb" in told and ".ipynb_checkpoints" in told


def test_whether_the_hub_is_asked(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "is not asked" in line("network")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert "only for a model that you name" in line("network")


def test_a_port_that_is_taken_is_no_fault(monkeypatch):
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setattr(machine, "PORT", server.getsockname()[1])
        assert doctor.port().ok and "is taken" in doctor.port().found
    assert "is free" in doctor.port().found


def test_a_check_that_cannot_be_made_is_a_fault_and_the_others_go_on(tmp_path):
    """psutil and jupyter_client broken, in a process that has not imported them."""
    for name in ("psutil", "jupyter_client"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('half installed')")
    done = subprocess.run(
        [sys.executable, "-m", "lora_course.cli", "doctor"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-1000:]
    assert "FIX  memory: ImportError: half installed" in done.stdout
    assert "FIX  kernel: ImportError: half installed" in done.stdout
    assert "ok   PyTorch" in done.stdout and "2 to fix" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_package_that_cannot_be_imported_is_told_where_a_notebook_meets_it(tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('libtorch.so: cannot open shared object')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    code = "from lora_course import estimate_model_memory, fit"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    last = done.stderr.splitlines()[-1]
    assert "fit needs a package" in last and "libtorch.so: cannot open" in last
    assert "`lora-course doctor`" in last
