"""Set-up: the lock admits what pyproject asks for, the CPU torch is pinned, the script is sound."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tools import setup_env


def locked():
    lines = (ROOT / "requirements/lock.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def wanted():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [
        Requirement(text)
        for text in project["dependencies"]
        + [r for extra in project["optional-dependencies"].values() for r in extra]
    ]


@pytest.mark.parametrize("requirement", wanted(), ids=lambda requirement: requirement.name)
def test_the_lock_holds_a_version_that_the_project_admits(requirement):
    if requirement.name == "torch":
        pins = re.findall(
            r"^torch==([\d.]+)", (ROOT / "requirements/torch-cpu.txt").read_text(), re.M
        )
        assert pins and all(requirement.specifier.contains(pin) for pin in pins)
        return
    versions = [next(iter(r.specifier)).version for r in locked() if r.name == requirement.name]
    assert versions and all(requirement.specifier.contains(version) for version in versions)


def test_the_lock_never_installs_torch_nor_cuda():
    for requirement in locked():
        assert requirement.name != "triton" and not requirement.name.startswith("nvidia")
        if requirement.name == "torch":
            assert not requirement.marker.evaluate()


def test_this_environment_is_the_locked_one():
    from importlib.metadata import version

    for requirement in locked():
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(version(requirement.name)), requirement


def test_jupyterlab_here_starts_from_the_courses_settings():
    from jupyterlab.commands import get_app_dir

    overrides = Path(get_app_dir(), "settings", "overrides.json").read_text()
    assert overrides == (ROOT / setup_env.SETTINGS).read_text()


def test_an_old_python_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        setup_env.main()


def test_a_ready_set_up_is_left_alone(monkeypatch, tmp_path):
    stamp = tmp_path / "ready"
    stamp.write_text(setup_env.fingerprint())
    monkeypatch.setattr(setup_env, "STAMP", stamp)
    monkeypatch.setattr(setup_env, "run", lambda *command: pytest.fail("nothing was to be done"))
    setup_env.main()


def test_a_torch_that_is_there_is_kept_and_a_missing_cpu_build_falls_back(monkeypatch, capsys):
    ran: list[str] = []

    def run(*command):
        ran.append(" ".join(map(str, command)))
        return answers.pop(0)

    monkeypatch.setattr(setup_env, "run", run)
    answers = [True]
    setup_env.install_torch()
    assert "kept as it is" in capsys.readouterr().out and len(ran) == 1
    answers = [False, False, True]
    setup_env.install_torch()
    assert "Falling back" in capsys.readouterr().out and ran[-1].endswith("torch==2.13.0")
    answers = [False, False, False]
    with pytest.raises(SystemExit, match="could not be installed"):
        setup_env.install_torch()


def test_a_folder_that_cannot_be_written_to_is_told_what_to_do(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(setup_env, "STAMP", tmp_path / "none")
    monkeypatch.setattr(setup_env, "VENV", tmp_path / "file" / ".venv")
    monkeypatch.setattr(setup_env, "PYTHON", tmp_path / "file" / ".venv" / "python")
    with pytest.raises(SystemExit, match="Copy the course to a folder of yours"):
        setup_env.main()


def test_without_a_network_the_set_up_says_so_and_can_go_on(monkeypatch, tmp_path):
    def offline(*command):
        return "pip" not in command or "uv" not in command  # all but what comes from the index

    monkeypatch.setattr(setup_env, "STAMP", tmp_path / "none")
    monkeypatch.setattr(setup_env, "run", offline)
    with pytest.raises(SystemExit, match="is there a network"):
        setup_env.main()
