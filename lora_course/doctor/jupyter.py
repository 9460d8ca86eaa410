"""What JupyterLab needs: the kernel, the sliders' front end, notebooks that it can open."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from lora_course.doctor.finding import MachineFinding

# The front end of the sliders, as JupyterLab finds it.
WIDGETS = "@jupyter-widgets/jupyterlab-manager/package.json"


def kernel() -> MachineFinding:
    """The kernel that the notebooks ask for is this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        todo = f"`{sys.executable} -m ipykernel install --sys-prefix`"
        return MachineFinding("kernel", "no kernel python3 is known to Jupyter", todo)
    program = spec.argv[0]
    bare = Path(program).name == program  # Jupyter then takes the Python that it runs on itself
    if bare or Path(program).absolute().parent == Path(sys.executable).absolute().parent:
        return MachineFinding("kernel", f"python3, in {spec.resource_dir}")
    todo = (
        f"that Python does not have the course: remove {spec.resource_dir}, or start JupyterLab by"
        f" `{sys.executable} -m jupyterlab`"
    )
    return MachineFinding("kernel", f"python3 starts another Python, {program}", todo)


def widgets() -> MachineFinding:
    """JupyterLab has the front end of the sliders."""
    from jupyter_core.paths import jupyter_path

    for place in jupyter_path("labextensions"):
        if (Path(place) / WIDGETS).exists():
            return MachineFinding("widgets", f"front end in {place}")
    todo = (
        f"`{sys.executable} -m pip install --force-reinstall jupyterlab_widgets`, reload the page"
    )
    return MachineFinding("widgets", "JupyterLab's front end for sliders is not installed", todo)


def notebooks() -> MachineFinding:
    """The notebooks here can be opened: none is cut off, or holds the marks of a merge."""
    found = sorted(
        path for folder in (Path(), Path("notebooks")) for path in folder.glob("*.ipynb")
    )
    if broken := list(_broken(found)):
        todo = (
            "JupyterLab keeps an earlier state in .ipynb_checkpoints beside it; a fresh one, but"
            f" without your answers: `git checkout -- {' '.join(str(path) for path, _ in broken)}`"
        )
        told = "; ".join(f"{path} cannot be opened ({why})" for path, why in broken)
        return MachineFinding("notebooks", told, todo)
    return MachineFinding("notebooks", f"{len(found)} here, all can be opened")


def _broken(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    import nbformat

    for path in paths:
        try:
            nbformat.validate(nbformat.read(path, as_version=4))
        except Exception as error:  # in many ways, on what is no notebook
            yield path, f"{type(error).__name__}: {error}".splitlines()[0][:100]
