"""Set-up: the lock admits what pyproject asks for, the CPU torch is pinned, the script is sound.

And CI: its workflow runs all of `.ci/run`, on the oldest and the newest Python.
"""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import product
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tools import setup_env

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = [
    version
    for one in PROJECT["classifiers"]
    if re.fullmatch(r"3\.\d+", version := one.removeprefix("Programming Language :: Python :: "))
]
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


def locked(file="lock.txt"):
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def wanted():
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(text) for some in (PROJECT["dependencies"], *extras) for text in some]


def on(python, system):
    """The variables of markers on another Python and system."""
    return SYSTEMS[system] | {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "platform_machine": "AMD64" if system == "Windows" else "x86_64",
        "extra": "",
    }


def applies(requirement, environment):
    return requirement.marker is None or requirement.marker.evaluate(environment)


def needed(names, environment):
    """`names`, and whatever they need in `environment`, as the packages that are here say."""
    found, new = set(), set(names)
    while new:
        found |= new
        asked = (Requirement(text) for name in new for text in metadata.requires(name) or ())
        new = {canonicalize_name(one.name) for one in asked if applies(one, environment)} - found
        # torch's CUDA comes with another build of it; what is of another system is not here.
        new = {name for name in new if is_here(name)}
    return found


def is_here(name):
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


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
    for requirement in locked():
        if requirement.marker is None or requirement.marker.evaluate():
            found = metadata.version(requirement.name)
            assert requirement.specifier.contains(found), requirement


def test_the_pythons_are_all_from_the_oldest_on_without_a_gap():
    minors = [int(version.removeprefix("3.")) for version in PYTHONS]
    assert minors == list(range(setup_env.OLDEST_PYTHON[1], minors[-1] + 1))
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    listed = re.search(r"^PYTHONS = (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed and listed[1].split() == PYTHONS  # those that `make lock` asks the index about


@pytest.mark.parametrize("file", ["lock.txt", "course.txt"])
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", [f"{v}.{micro}" for v, micro in product(PYTHONS, (0, 9))])
def test_every_python_gets_one_version_of_each_package_and_all_that_they_need(python, system, file):
    environment = on(python, system)
    names = [one.name for one in locked(file) if applies(one, environment)]
    assert len(names) == len(set(names))
    roots = wanted() if file == "lock.txt" else map(Requirement, PROJECT["dependencies"])
    missing = needed({one.name for one in roots}, environment) - set(names)
    assert missing == {"torch"}


def test_a_learner_gets_the_locked_versions_and_no_tools():
    assert set(map(str, locked("course.txt"))) < set(map(str, locked()))
    learners = {one.name for one in locked("course.txt")}
    tools = {"mypy", "ruff", "pre-commit", "hypothesis", "pytest-xdist", "jupytext", "uv"}
    tools |= {"playwright", "py-rattler", "jupyter-repo2docker", "fitcheck-llm"}
    large = {"datasets", "pyarrow", "pandas", "distributed"}
    assert not learners & (tools | large)
    assert "joblib" in learners  # `lora-course grade --jobs 2` is what the README says


def test_a_learners_packages_take_little_room():
    """Without torch and what is compiled: 0.75 and 0.1 GB more, of the 1.7 that it may be."""
    sizes = {
        one.name: sum(file.size or 0 for file in metadata.files(one.name) or ())
        for one in locked("course.txt")
        if one.name != "torch" and is_here(one.name)
    }
    assert sum(sizes.values()) < 600e6, sorted(sizes.items(), key=lambda item: -item[1])[:10]


def test_jupyterlab_here_starts_from_the_courses_settings():
    from jupyterlab.commands import get_app_dir

    overrides = Path(get_app_dir(), "settings", "overrides.json").read_text()
    assert overrides == (ROOT / setup_env.SETTINGS).read_text()


def test_an_old_python_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        setup_env.main()


@pytest.fixture
def place(monkeypatch, tmp_path):
    """A .venv that is not there yet."""
    monkeypatch.setattr(setup_env, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup_env, "ROOT", tmp_path)
    monkeypatch.setattr(setup_env, "BIN", tmp_path / ".venv" / "bin")
    monkeypatch.setattr(setup_env, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    for name in (*setup_env.INPUTS, *setup_env.LOCKED.values()):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


@pytest.fixture
def ran(monkeypatch, place):
    """The commands that the set-up runs; none is carried out, and .venv is taken as made."""
    commands: list[str] = []

    def run(*command):
        commands.append(" ".join(map(str, command)))
        return True

    monkeypatch.setattr(setup_env, "run", run)
    setup_env.PYTHON.parent.mkdir(parents=True)
    setup_env.PYTHON.touch()
    return commands


def test_a_learners_set_up_installs_what_a_learner_needs_and_the_next_returns_at_once(ran):
    setup_env.main()
    assert any(command.endswith("--no-deps -r requirements/course.txt") for command in ran)
    assert not any("lock.txt" in command for command in ran)
    # No step can bring in another torch, and pip alone is asked: it knows the machine's settings.
    installs = [command for command in ran if " install " in command]
    assert all("-m pip " in command and "--no-deps" in command for command in installs)
    ran.clear()
    setup_env.main()
    assert ran == []


def test_the_tools_come_on_top_and_then_either_set_up_is_ready(ran):
    setup_env.main()
    ran.clear()
    setup_env.main(["--with", "dev"])
    assert any(command.endswith("--no-deps -r requirements/lock.txt") for command in ran)
    ran.clear()
    setup_env.main(["--with", "dev"])
    setup_env.main()
    assert ran == []


@pytest.mark.parametrize("name", ["requirements/course.txt", "pyproject.toml"])
def test_a_change_of_what_was_asked_for_is_set_up(ran, place, name):
    setup_env.main()
    ran.clear()
    with (place / name).open("a") as file:
        file.write("# changed\n")
    setup_env.main()
    assert ran


def test_a_change_of_the_tools_does_not_concern_a_learner(ran, place):
    setup_env.main(["--with", "dev"])
    ran.clear()
    (place / setup_env.LOCKED[setup_env.DEV]).write_text("# changed\n")
    setup_env.main()
    assert ran == []
    setup_env.main(["--with", "dev"])
    assert ran


def test_what_a_chapter_imports_is_imported_once(ran, monkeypatch, capsys):
    setup_env.main()
    assert ran[-1].endswith(setup_env.FIRST_IMPORTS)
    monkeypatch.setattr(setup_env, "run", lambda *command: setup_env.FIRST_IMPORTS not in command)
    setup_env.import_once()
    assert "lora-course doctor" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-c", setup_env.FIRST_IMPORTS], capture_output=True, text=True, check=True
    )
    assert not done.stdout + done.stderr


def test_an_unknown_set_is_named(ran, capsys):
    with pytest.raises(SystemExit):
        setup_env.main(["--with", "everything"])
    assert "'everything'" in capsys.readouterr().err and ran == []


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
    monkeypatch.setattr(setup_env, "VENV", tmp_path / "file" / ".venv")
    monkeypatch.setattr(setup_env, "PYTHON", tmp_path / "file" / ".venv" / "python")
    with pytest.raises(SystemExit, match="Copy the course to a folder of yours"):
        setup_env.main()


@pytest.mark.parametrize("step", ["course.txt", "--editable"])
def test_without_a_network_the_set_up_says_so_and_can_go_on(ran, monkeypatch, step):
    monkeypatch.setattr(setup_env, "run", lambda *command: step not in " ".join(map(str, command)))
    with pytest.raises(SystemExit, match=r"when there\s+is a network"):
        setup_env.main()
    assert not setup_env.is_ready(setup_env.COURSE)


def parts():
    """All parts of `.ci/run`, in order."""
    return re.search(r'^PARTS="(.*)"$', (ROOT / ".ci/run").read_text(), re.MULTILINE)[1].split()


@pytest.fixture
def ci(tmp_path):
    """Runs `.ci/run` where make only says what it was asked, and in what environment."""
    if os.name == "nt":
        pytest.skip("CI runs it on Linux")
    for name in ("make", "bwrap", "chromium"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\nprintf "%s|" "$@"; echo; env >> "$0.env"\n')
        program.chmod(0o755)
    mine = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}

    def run(*chosen):
        done = subprocess.run(
            [ROOT / ".ci/run", *chosen], env=mine, capture_output=True, text=True, check=False
        )
        return done, (tmp_path / "make.env").read_text() if not done.returncode else ""

    return run


def test_ci_sets_no_variable_that_a_user_has_not(ci):
    _, environment = ci()
    names = {line.partition("=")[0] for line in environment.splitlines()}
    of_the_shell = {"PWD", "OLDPWD", "SHLVL", "_", "PATH", "HOME"}
    assert names - of_the_shell == {"REQUIRE_SANDBOX", "REQUIRE_BROWSER"}


def test_the_parts_of_ci_are_all_tests_once(ci):
    everything = ci()[0].stdout.splitlines()
    assert everything == [line for part in parts() for line in ci(part)[0].stdout.splitlines()]
    assert everything == ["test|", "test-long|"]


def test_ci_names_the_parts_when_one_is_not_known(ci):
    done, _ = ci("short")
    assert done.returncode == 2 and "'short'" in done.stderr
    assert all(part in done.stderr for part in parts())


def test_the_workflow_runs_all_parts_on_the_oldest_and_the_newest_python():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    job = workflow["jobs"]["linux"]
    matrix = job["strategy"]["matrix"]
    assert matrix == {"python": [PYTHONS[0], PYTHONS[-1]], "part": parts()}
    steps = [step.get("run", "") for step in job["steps"]]
    assert ".ci/run ${{ matrix.part }}" in steps
    assert any("apparmor_restrict_unprivileged_userns=0" in step for step in steps)  # the sandbox
