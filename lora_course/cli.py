"""The `lora-course` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lora_course import __version__
from lora_course.chapters.rooms import Room, room_of, rooms
from lora_course.compare.options import add_options
from lora_course.grading.options import add_options as add_grading_options
from lora_course.memory.options import add_options as add_memory_options


def _build(options: argparse.Namespace) -> int:
    def write(chosen: list[Room]) -> Iterator[Path]:
        from lora_course.authoring import build as authoring
        from lora_course.authoring.readme import write_readme

        for room in chosen:
            yield from authoring.build(room, options.notebooks, run=not options.no_execute)
        yield from authoring.write_index(options.notebooks)
        readme = options.notebooks.parent / "README.md"
        if readme.exists():
            yield write_readme(readme, rooms())

    return _write_chapters(options, write)


def _new(options: argparse.Namespace) -> int:
    from lora_course.authoring.new import new_room

    try:
        for path in new_room(options.chapter, options.topic, Path("tests", "chapters")):
            print(f"wrote {path}")
    except (OSError, ValueError) as error:
        print(f"lora-course new: {error}", file=sys.stderr)
        return 2
    print(f"A draft. Next: lora-course build {options.chapter}")
    return 0


def _site(options: argparse.Namespace) -> int:
    def write(chosen: list[Room]) -> Iterator[Path]:
        from lora_course.authoring.site import write_site

        yield from write_site(chosen, options.notebooks, options.out)

    return _write_chapters(options, write)


def _write_chapters(
    options: argparse.Namespace, write: Callable[[list[Room]], Iterator[Path]]
) -> int:
    """Run an author's command on the chosen chapters, saying what it wrote."""
    try:
        drafts: bool = options.command == "build"  # no learner reads them
        chosen = rooms(drafts=drafts) if options.chapter is None else [room_of(options.chapter)]
        for path in write(chosen):
            print(f"wrote {path}")
    except ModuleNotFoundError as error:
        message = f'{error.name} is missing; authors install: pip install "lora-course[dev]"'
    except (OSError, ValueError) as error:
        message = str(error)
    else:
        return 0
    print(f"lora-course {options.command}: {message}", file=sys.stderr)
    return 2


def _memory_table(options: argparse.Namespace) -> int:
    from lora_course.memory.closed_form import print_memory_table

    try:
        print_memory_table(options.rank, options.layer_dim, options.layers, options.precision)
    except ValueError as error:
        print(f"lora-course memory-table: {error}", file=sys.stderr)
        return 2
    return 0


def _memory(options: argparse.Namespace) -> int:
    from lora_course.memory import command

    return command.main(options)


def _compare_ranks(options: argparse.Namespace) -> int:
    try:
        import datasets  # noqa: F401  # what reads your files; the extra installs the rest with it
        import joblib  # noqa: F401

        from lora_course.compare import command
    except ModuleNotFoundError as error:
        print(
            f"lora-course compare-ranks needs {error.name}; install it with:"
            ' pip install "lora-course[compare]"',
            file=sys.stderr,
        )
        return 2
    return command.main(options)


def _grade(options: argparse.Namespace) -> int:
    from lora_course.grading import command
    from lora_course.interop.command import merge_into_canvas

    return command.main(options, lambda grades: merge_into_canvas(options, grades))


def _sandbox(options: argparse.Namespace) -> int:
    from lora_course.sandbox import command

    return command.main(options)


def _doctor(options: argparse.Namespace) -> int:
    from lora_course import doctor

    return doctor.main()


def _progress(options: argparse.Namespace) -> int:
    from lora_course.chapters.progress import progress

    print(progress())
    return 0


def _recall(options: argparse.Namespace) -> int:
    from lora_course.chapters import recall_command

    return recall_command.main()


def _help(_: argparse.Namespace) -> int:
    parser().print_help()
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    main_parser = argparse.ArgumentParser(
        prog="lora-course", description="The LoRA course: notebooks and tools."
    )
    main_parser.add_argument("--version", action="version", version=__version__)
    main_parser.set_defaults(run=_help)
    commands = main_parser.add_subparsers(dest="command")

    build = commands.add_parser("build", help="build the notebooks from their sources")
    build.add_argument("chapter", nargs="?", type=int, help="a chapter's number; default: all")
    build.add_argument("--notebooks", type=Path, default=Path("notebooks"), help="their folder")
    build.add_argument("--no-execute", action="store_true", help="leave the solutions as they are")
    build.set_defaults(run=_build)

    new = commands.add_parser("new", help="the room of a new chapter, as a draft that runs")
    new.add_argument("chapter", type=int, help="its number")
    new.add_argument("topic", help="its short name, such as some_topic")
    new.set_defaults(run=_new)

    site = commands.add_parser("site", help="the chapters as web pages, to read without Jupyter")
    site.add_argument("--notebooks", type=Path, default=Path("notebooks"), help="their folder")
    site.add_argument("--out", type=Path, default=Path("build/site"), help="where to write them")
    site.set_defaults(run=_site, chapter=None)

    doctor = commands.add_parser(
        "doctor", help="check this machine's set-up, and say what to do where it lacks"
    )
    doctor.set_defaults(run=_doctor)

    progress = commands.add_parser("progress", help="what you have reached in each chapter")
    progress.set_defaults(run=_progress)

    recall = commands.add_parser("recall", help="questions of a minute on what you have learnt")
    recall.set_defaults(run=_recall)

    memory = commands.add_parser(
        "memory",
        help="what training an adapter takes, for any model and rank, before anything is loaded",
        description="Count exactly what a LoRA adapter trains, and trace one training step without"
        " allocating it: its peak, what it is made of, what fits a GPU, which change frees most.",
    )
    add_memory_options(memory)
    memory.set_defaults(run=_memory)

    table = commands.add_parser(
        "memory-table", help="adapter memory over ranks, one matrix a layer"
    )
    table.add_argument("--rank", type=int, nargs="+", default=[4, 8, 16, 32, 64])
    table.add_argument("--layer-dim", type=int, default=4096)
    table.add_argument("--layers", type=int, default=32)
    table.add_argument("--precision", default="bf16", help="of the base weights")
    table.set_defaults(run=_memory_table)

    compare = commands.add_parser(
        "compare-ranks",
        help="find the smallest rank that is good enough for your model and data",
        description="Train a LoRA adapter at several ranks and seeds, and report the smallest rank"
        " that the best does not clearly beat, with the evidence. Without arguments: typo detection"
        " on Python's own documentation, in a few minutes and offline.",
    )
    add_options(compare)
    compare.set_defaults(run=_compare_ranks)

    grade = commands.add_parser(
        "grade",
        help="grade a folder of submitted notebooks",
        description="Run every file of FOLDER in a sandbox, check its answers from outside on fresh"
        " inputs, and write grades.csv, a feedback page each and a summary.",
    )
    add_grading_options(grade)
    grade.set_defaults(run=_grade)

    _add_exports(commands)
    sandbox = commands.add_parser(
        "sandbox", help="try out the sandbox that submissions are graded in"
    )
    sandbox.add_argument(
        "--install",
        action="store_true",
        help="also install it as a Jupyter kernel, for use by name",
    )
    sandbox.set_defaults(run=_sandbox)
    return main_parser


def _add_exports(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    nbgrader = commands.add_parser("export-nbgrader", help="a chapter as an nbgrader assignment")
    nbgrader.add_argument("chapter", type=int)
    nbgrader.add_argument("out", type=Path, metavar="OUT", help="the folder of an nbgrader course")
    nbgrader.add_argument("--overwrite", action="store_true", help="an assignment that is there")
    nbgrader.set_defaults(run=_export("export_nbgrader"))
    gradescope = commands.add_parser("export-gradescope", help="a Gradescope autograder as a zip")
    gradescope.add_argument("chapter", type=int)
    gradescope.add_argument("out", type=Path, metavar="OUT.zip")
    gradescope.set_defaults(run=_export("export_gradescope"))


def _export(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        from lora_course.interop import command

        status: int = getattr(command, name)(options)
        return status

    return run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
