"""What Binder builds from this repository, and that the course fits into what Binder gives."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
import venv
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from jupyter_client.blocking import BlockingKernelClient
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lora_course.authoring import links
from lora_course.authoring.lab import jupyterlab
from lora_course.authoring.links import binder_link
from lora_course.authoring.source import read_source
from tests.conftest import ROOMS, ROOT
from tests.test_setup import locked

BINDER = ROOT / "binder"
ENVIRONMENT = yaml.safe_load((BINDER / "environment.yml").read_text())
# Where conda-forge's name is not the Python index's.
CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def specs():
    return [spec for spec in ENVIRONMENT["dependencies"] if spec not in ("pip",)]


def test_binder_and_a_laptop_have_the_same_environment():
    assert (BINDER / "environment.yml").read_bytes() == (ROOT / "environment.yml").read_bytes()


@pytest.mark.parametrize("spec", specs())
def test_conda_can_read_it(spec):
    from rattler import MatchSpec

    assert MatchSpec(spec, strict=True).version


def test_it_holds_what_the_project_needs_in_the_same_ranges_and_the_locked_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    found = [Requirement(spec) for spec in specs() if not spec.startswith("python=")]
    assert {CONDA_NAMES.get(one.name, one.name): one.specifier for one in found} == needed
    for one in locked():
        if one.name in needed and (one.marker is None or one.marker.evaluate()):
            assert needed[one.name].contains(next(iter(one.specifier)).version)


def test_its_python_is_one_exact_version_that_the_project_admits():
    (spec,) = [spec for spec in specs() if spec.startswith("python=")]
    version = spec.removeprefix("python=")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version.count(".") == 1 and version in SpecifierSet(project["requires-python"])


def test_binder_takes_conda_with_this_python_and_runs_the_scripts(monkeypatch):
    from repo2docker.app import Repo2Docker

    monkeypatch.chdir(ROOT)
    app = Repo2Docker()
    app.initialize()
    packs = (pack(base_image=app.base_image) for pack in app.buildpacks)
    pack = next(pack for pack in packs if pack.detect())
    assert type(pack).__name__ == "CondaBuildPack"
    assert f"python={pack.python_version}" in ENVIRONMENT["dependencies"]
    pack.platform = "linux/amd64"
    dockerfile = pack.render({"NB_UID": "1000", "NB_USER": "jovyan"})
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in dockerfile
    assert "RUN ./binder/postBuild" in dockerfile
    assert 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile


def test_the_start_script_sets_one_thread_and_becomes_the_server():
    show = [str(BINDER / "start"), sys.executable, "-c", "import os; print(dict(os.environ))"]
    done = subprocess.run(["bash", *show], capture_output=True, text=True, check=True)
    assert "'OMP_NUM_THREADS': '1'" in done.stdout
    assert (BINDER / "start").read_text().rstrip().endswith('exec "$@"')


def test_the_readme_opens_each_chapter_on_binder(room):
    link = binder_link(Path("notebooks", room.notebook))
    assert f"]({link})" in (ROOT / "README.md").read_text(encoding="utf-8"), link
    path = parse_qs(urlsplit(link).query)["urlpath"][0]
    assert (ROOT / path.removeprefix("lab/tree/")).exists()


def test_the_readme_clones_the_same_address():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (address,) = re.findall(r"^git clone (\S+)$", readme, re.MULTILINE)
    assert address == f"https://github.com/{links.repository()}"
    assert f"make -C {address.rpartition('/')[2]} lab" in readme


@pytest.mark.parametrize("url", [None, "https://example.org/a/b", "https://github.com/only"])
def test_an_address_that_binder_cannot_use_is_named(monkeypatch, url):
    entries = [f"Repository, {url}"] if url else None
    found = SimpleNamespace(get_all=lambda name: entries)
    monkeypatch.setattr(links.metadata, "metadata", lambda name: found)
    with pytest.raises(ValueError, match="OWNER/NAME"):
        links.repository()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A copy of the repository in which postBuild ran, in an environment of its own; its Python."""
    folder = tmp_path_factory.mktemp("binder")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = folder / "repository" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    # In place of conda's packages: the ones that are here, but not this checkout's course.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    mine = next(environment.glob("lib/python*/site-packages"))
    (mine / "conda.pth").write_text(packages)
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "binder/postBuild"],
        cwd=folder / "repository",
        env=os.environ | {"PATH": path},
        check=True,
    )
    return folder / "repository", environment / "bin" / "python"


def post(url, token, what, body):
    request = urllib.request.Request(
        f"{url}api/{what}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="Binder's limits are set as Linux sets them")
def test_the_first_cells_run_in_what_binder_builds(installed, tmp_path):
    repository, python = installed
    shutil.copytree(repository / "notebooks", tmp_path / "notebooks")
    start = ["bash", str(repository / "binder" / "start")]
    room = ROOMS[0]
    with jupyterlab(tmp_path, start, python=str(python)) as lab:
        path = room.notebook
        body = {"path": path, "type": "notebook", "name": path, "kernel": {"name": "python3"}}
        kernel = post(lab.url, lab.token, "sessions", body)["kernel"]["id"]
        client = BlockingKernelClient(
            connection_file=str(tmp_path / "JUPYTER_RUNTIME_DIR" / f"kernel-{kernel}.json")
        )
        client.load_connection_file()
        client.start_channels(hb=False)  # A heartbeat a second late on a busy machine is no death.
        first = next(c for c in read_source(room).cells if c.cell_type == "code").source
        try:
            client.wait_for_ready(timeout=600)
            for code in (
                "import lora_course, os; assert os.environ['OMP_NUM_THREADS'] == '1'\n"
                f"assert lora_course.__file__.startswith({str(repository)!r})",
                first,
            ):
                reply = client.execute_interactive(code, timeout=600, output_hook=lambda _: None)
                assert reply["content"]["status"] == "ok", reply["content"]
        finally:
            client.stop_channels()
