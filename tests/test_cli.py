import subprocess
import sys

import pytest

from lora_course.cli import main


def test_memory_table(capsys):
    assert main(["memory-table", "--rank", "8", "--layer-dim", "64", "--layers", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["8", "2,048"]


def test_without_a_command_it_says_which_there_are(capsys):
    assert main([]) == 0
    assert "compare-ranks" in capsys.readouterr().out


def test_errors_are_one_line_and_exit_2(capsys):
    assert main(["memory-table", "--rank", "80", "--layer-dim", "64"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lora-course memory-table: rank=80") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["build", "--notebooks", "nowhere"], "nowhere"), (["build", "99"], "no chapter 99")],
)
def test_build_says_what_it_cannot_find(capsys, arguments, words):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_the_installed_command_runs():
    command = [sys.executable, "-m", "lora_course.cli", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
