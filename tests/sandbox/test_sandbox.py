"""The sandbox as a program uses it: a kernel like any other, that nothing gets out of."""

import ast
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from lora_course.grading.records import Status
from lora_course.grading.session import KernelEndedError, Session
from lora_course.sandbox import bubblewrap, cgroups, seccomp
from lora_course.sandbox.command import main as sandbox_command
from lora_course.sandbox.kernel import NAME, manager, specification
from lora_course.sandbox.limits import Limits, SandboxError
from tests import WATCHDOG, ordinary_user

ROOT = Path(__file__).resolve().parent.parent.parent
needs_sandbox = pytest.mark.usefixtures("sandbox")
CALLS = {
    name: numbers[platform.machine() == "aarch64"]
    for name, numbers in {**seccomp.REFUSED, "clone": seccomp.CLONE}.items()
}


@pytest.fixture(scope="module")
def session(sandbox):
    running = Session(Limits())
    yield running
    running.stop()


def value(session, expression):
    reply = session.ask(expression, WATCHDOG)
    found = (reply.values or {})["value"]
    return found["data"]["text/plain"] if found["status"] == "ok" else found["ename"]


@needs_sandbox
@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("__import__('os').path.exists('/etc/passwd')", "False"),
        (f"__import__('os').path.exists({str(ROOT / 'notebooks')!r})", "False"),
        (f"__import__('os').path.exists({str(ROOT / '.git')!r})", "False"),
        ("__import__('os').listdir('/home')", "['learner']"),
        ("__import__('os').geteuid() == 0", "False"),
        ("open('/usr/new', 'w')", "OSError"),
        ("__import__('socket').create_connection(('127.0.0.1', 9))", "ConnectionRefusedError"),
        ("[n for _, n in __import__('socket').if_nameindex()]", "['lo']"),
        ("__import__('os').environ.get('HOME')", "'/home/learner'"),
        ("len([p for p in __import__('os').listdir('/proc') if p.isdigit()]) < 5", "True"),
        ("__import__('lora_course').estimate_lora_params(4, 2, 1)", "16"),
        ("__import__('getpass').getuser()", "'learner'"),
    ],
)  # fmt: skip
def test_what_is_seen_inside(session, expression, result):
    shown = value(session, expression)
    assert shown == result or (result == "OSError" and shown == "PermissionError")


@needs_sandbox
@pytest.mark.skipif(seccomp.program() is None, reason="no filter for this kind of machine")
@pytest.mark.parametrize(
    "call",
    [
        "unshare(0x10000000)",  # a user namespace
        f"syscall({CALLS['clone']}, 0x10000011, 0, 0, 0, 0)",  # the same, as a child
        f"syscall({seccomp.CLONE3}, 0, 88)",  # whose flags no filter can see
        "memfd_create(b'x', 0)",
        "mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        f"syscall({CALLS['io_uring_setup']}, 8, bytes(120))",
        "shmget(0, 1 << 20, 0o1600)",
        "msgget(0, 0o1600)",
        "ptrace(0, 0, 0, 0)",
        "process_vm_readv(1, None, 0, None, 0, 0)",
        f"syscall({CALLS['perf_event_open']}, bytes(120), 0, -1, -1, 0)",
    ],
)
def test_calls_that_are_refused(session, call):
    lib = "__import__('ctypes').CDLL(None, use_errno=True)"
    asked = value(session, f"(lambda lib: (lib.{call}, __import__('ctypes').get_errno()))({lib})")
    assert asked == ("(-1, 38)" if str(seccomp.CLONE3) in call else "(-1, 1)")


@needs_sandbox
def test_processes_and_threads_are_allowed(session):
    start = "__import__('subprocess').run(['true']).returncode"
    assert value(session, start) == "0"
    thread = "(lambda t: (t.start(), t.join()))(__import__('threading').Thread(target=print))"
    assert value(session, thread) == "(None, None)"


def knows_answers(question):
    """The modules in which the question's right answers are worked out, or compared with."""
    checks = {part.check.__module__ for part in question.parts}
    return {sys.modules[name] for name in checks} | {sys.modules[f"{question.room}.questions"]}


@needs_sandbox
def test_of_a_room_only_what_a_notebook_needs_is_shown(session, room):
    """Neither the solutions nor the checks, compiled or not; nor does a question say anything."""
    shown = value(session, f"sorted(__import__('os').listdir({str(room.folder)!r}))")
    assert not {"chapter.py", "built.json", "recall.py", "__pycache__"} & set(
        ast.literal_eval(shown)
    )
    for question in room.questions():
        for module in knows_answers(question):
            asked = f"__import__('importlib').import_module({module.__name__!r}).__dict__.keys()"
            seen = value(session, asked)
            assert seen == "ModuleNotFoundError" or "Elsewhere" in seen, module
        body = question.solution().body
        there = f"__import__({question.room + '.questions'!r}, fromlist=['x']).{question.name}"
        assert "graded elsewhere" in value(session, f"{there}.check(len)")
        assert body not in value(session, f"{there}.solution(), {there}.hint()")


@needs_sandbox
def test_a_kernel_for_checks_inside_has_them_but_no_solutions(room):
    running = manager(specification(checks=True))
    running.start_kernel()
    client = running.client()
    client.start_channels()
    question = room.questions()[0]
    code = (
        f"import os\nfrom lora_course.chapters.rooms import question_of\n"
        f"one = question_of({question.key!r})\n"
        "assert 'not shown' in one.solution().body\n"
        "assert 'points' in str(one.check(len))\n"
        f"assert not {{'chapter.py', 'built.json'}} & set(os.listdir({str(room.folder)!r}))"
    )
    try:
        client.wait_for_ready(timeout=WATCHDOG)
        reply = client.execute_interactive(code, timeout=WATCHDOG)["content"]
        assert reply["status"] == "ok", reply
    finally:
        client.stop_channels()
        running.shutdown_kernel(now=True)


@needs_sandbox
def test_files_are_the_kernels_own(session):
    assert session.run("open('/home/learner/kept', 'w').write('x')", WATCHDOG).error == ""
    assert not Path("/home/learner/kept").exists()


@needs_sandbox
def test_a_kernel_by_name(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "kernels" / NAME
    folder.mkdir(parents=True)
    folder.joinpath("kernel.json").write_text(json.dumps(specification().to_dict()))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    cells = [new_code_cell("import os\nos.path.exists('/etc/passwd')"), new_code_cell("1 / 0")]
    client = NotebookClient(new_notebook(cells=cells), kernel_name=NAME, allow_errors=True)
    executed = client.execute()
    assert executed.cells[0].outputs[0].data["text/plain"] == "False"
    assert executed.cells[1].outputs[0].ename == "ZeroDivisionError"
    nbformat.validate(executed)


@needs_sandbox
def test_a_restarted_kernel_is_a_fresh_one():
    running = manager(specification())
    running.start_kernel()
    client = running.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=WATCHDOG)
        assert client.execute_interactive("x = 1", timeout=WATCHDOG)["content"]["status"] == "ok"
        running.restart_kernel(now=True)
        client.wait_for_ready(timeout=WATCHDOG)
        assert client.execute_interactive("x", timeout=WATCHDOG)["content"]["ename"] == "NameError"
    finally:
        client.stop_channels()
        running.shutdown_kernel(now=True)


@needs_sandbox
def test_without_control_groups_memory_is_watched(monkeypatch):
    monkeypatch.setattr(cgroups, "create", lambda limits: None)
    session = Session(Limits(memory_mb=400))
    fork = "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n"
    hold = "        held = b'x' * 250_000_000\n        time.sleep(50)\n        os._exit(0)\n"
    try:
        with pytest.raises(KernelEndedError) as error:
            session.run(f"{fork}{hold}time.sleep(50)", WATCHDOG)
        assert error.value.status is Status.MEMORY
    finally:
        session.stop()


FILL = """
import os
written = 0
for folder in {folders}:
    number = 0
    try:
        while True:
            number += 1
            with open(f"{{folder}}/{{number}}", "wb") as file:
                written += file.write(bytes(2_000_000))
    except OSError:
        pass
"""


@needs_sandbox
def test_without_control_groups_what_is_written_counts_as_memory(monkeypatch):
    monkeypatch.setattr(cgroups, "create", lambda limits: None)
    session = Session(Limits(memory_mb=400, disk_mb=1000))
    try:
        with pytest.raises(KernelEndedError) as error:
            session.run(FILL.format(folders=["/tmp", "/dev/shm"]), WATCHDOG)
            session.run("import time\ntime.sleep(50)", WATCHDOG)
        assert error.value.status is Status.MEMORY
    finally:
        session.stop()


@needs_sandbox
def test_all_that_can_be_written_is_bounded_together(monkeypatch):
    session = Session(Limits(disk_mb=40))
    try:
        everywhere = "[f for f, _, _ in os.walk('/') if not f.startswith(('/proc', '/sys'))]"
        assert session.run(FILL.format(folders=everywhere), WATCHDOG).error == ""
        assert 30e6 < int(value(session, "written")) <= 42e6  # its sockets' folder has 1 MB
    finally:
        session.stop()


AS_USER = """
import os
from lora_course.grading.session import Session
from lora_course.sandbox.limits import Limits
from tests import WATCHDOG

def value(expression):
    return session.ask(expression, WATCHDOG).values["value"].get("data", {}).get("text/plain")

session = Session(Limits(processes=40, disk_mb=40))
print(os.getuid(), value("__import__('os').getuid()"))
forks = "import os, time\\nfor _ in range(60):\\n    if os.fork() == 0: time.sleep(50); os._exit(0)"
print(session.run(forks, WATCHDOG).error)
unshare = "import ctypes\\nassert ctypes.CDLL(None).unshare(0x10000000) == -1"
print(session.run(unshare, WATCHDOG).error)
session.run("import glob\\nseen = ''", WATCHDOG)
look = "for path in glob.glob('/proc/*/environ'):\\n    seen += open(path, errors='replace').read()"
session.run(look, WATCHDOG)
print("PATH=" in value("seen"), "token" in value("seen"))
session.run({fill!r}, WATCHDOG)
print(int(value("written")) <= 42e6)
session.stop()
"""


@needs_sandbox
@ordinary_user.possible
def test_an_ordinary_user_has_it_too():
    """There the kernel is the grader's own user: what that user sees of itself, it sees."""
    folders = "[f for f, _, _ in os.walk('/') if not f.startswith(('/proc', '/sys'))]"
    code = AS_USER.replace("{fill!r}", repr(FILL.format(folders=folders)))
    with ordinary_user.home() as home:
        done = ordinary_user.run(home, "-c", code, SECRET="token")
    told = ["1000 1000", "BlockingIOError", "", "True False", "True"]
    assert done.stdout.splitlines() == told, done.stderr[-1500:]


@needs_sandbox
def test_root_shows_no_environment_either(monkeypatch):
    monkeypatch.setenv("SECRET", "token")
    session = Session(Limits())
    look = (
        "import glob\nseen = ''\nfor path in glob.glob('/proc/*/environ'):\n    try:\n"
        "        seen += open(path, errors='replace').read()\n    except OSError:\n        pass"
    )
    try:
        assert session.run(look, WATCHDOG).error == ""
        assert value(session, "'PATH=' in seen, 'token' in seen") == "(True, False)"
    finally:
        session.stop()


def test_bubblewrap_itself_gets_no_environment(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\nenv >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SECRET", "token")
    with pytest.raises(SandboxError) as error:
        bubblewrap.check(Limits())
    assert "PATH=" in str(error.value) and "token" not in str(error.value)


def test_no_bubblewrap_is_told(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert sandbox_command(type("Options", (), {"install": False})) == 2
    told = capsys.readouterr().err
    assert "apt install bubblewrap" in told and "--unsafe" in told


def test_a_forbidden_bubblewrap_is_told_in_its_own_words(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxError, match="uid map: Permission denied") as error:
        bubblewrap.check(Limits())
    assert "AppArmor" in str(error.value) and "--unsafe" in str(error.value)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"memory_mb": 100}, "at least 256"),
        ({"processes": 0}, "processes=0"),
        ({"cpu_seconds": 1.5}, "cpu_seconds=1.5"),
    ],
)
def test_limits_that_cannot_be(limits, words):
    with pytest.raises(ValueError, match=words):
        Limits(**limits)


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_control_groups_v1(tmp_path):
    tree(tmp_path, {"memory/a/x": "", "pids/x": ""})
    own = "9:name=systemd:/\n8:pids:/\n4:memory:/a\n0::/\n"
    group = cgroups.create(Limits(memory_mb=512, processes=9), tmp_path, own)
    memory, pids = group.folders
    assert memory.parent == tmp_path / "memory/a" and pids.parent == tmp_path / "pids"
    assert (memory / "memory.limit_in_bytes").read_text() == str(512 << 20)
    assert (pids / "pids.max").read_text() == "9"
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    assert not group.ran_out_of_memory()
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    assert group.ran_out_of_memory()


@pytest.mark.parametrize("mounted", ["cpu", "cpu,cpuacct"])
def test_control_groups_v1_whose_controllers_share_a_hierarchy(tmp_path, mounted):
    tree(tmp_path, {"memory/x": "", "pids/x": "", f"{mounted}/a b/x": ""})
    own = "8:pids:/\n5:cpu,cpuacct:/a b\n4:memory:/\n0::/\n"
    group = cgroups.create(Limits(), tmp_path, own)
    assert group.folders[2].parent == tmp_path / mounted / "a b"


def test_control_groups_v1_with_all_in_one_hierarchy(tmp_path):
    (tmp_path / "memory,pids").mkdir()
    (only,) = cgroups.create(Limits(processes=9), tmp_path, "3:memory,pids:/\n").folders
    assert (only / "pids.max").read_text() == "9"
    assert (only / "memory.limit_in_bytes").exists()


def test_a_control_group_may_have_a_space_in_its_path(tmp_path):
    tree(tmp_path, {"user/a b.scope/cgroup.subtree_control": "memory pids\n"})
    group = cgroups.create(Limits(), tmp_path, "0::/user/a b.scope\n")
    assert group.folders[0].parent == tmp_path / "user/a b.scope"
    done = subprocess.run(
        [*group.join(), "echo", "inside"], capture_output=True, check=False, text=True
    )
    assert done.stdout == "inside\n", done.stderr
    assert (group.folders[0] / "cgroup.procs").exists()


def test_control_groups_v2_from_the_first_folder_that_passes_them_on(tmp_path):
    tree(
        tmp_path,
        {
            "cgroup.subtree_control": "cpu memory pids\n",
            "user/cgroup.subtree_control": "memory pids\n",
            "user/shell/cgroup.subtree_control": "\n",
        },
    )
    group = cgroups.create(Limits(memory_mb=512), tmp_path, "0::/user/shell\n")
    (folder,) = group.folders
    assert folder.parent == tmp_path / "user"
    assert (folder / "memory.max").read_text() == str(512 << 20)
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\noom_group_kill 0\n")
    assert group.ran_out_of_memory()


def test_no_control_groups(tmp_path):
    tree(tmp_path, {"cgroup.subtree_control": "cpu\n"})
    assert cgroups.create(Limits(), tmp_path, "0::/\n") is None
    assert cgroups.create(Limits(), tmp_path / "none", "0::/\n") is None


def test_what_an_ended_process_left_is_removed_and_nothing_of_others(tmp_path):
    for name in ("lora-course-12-a", "lora-course-12-b/inner", "lora-course-123-a", "other"):
        (tmp_path / "memory" / name).mkdir(parents=True)
    assert len(cgroups.found(root=tmp_path)) == 3
    (tmp_path / "memory" / "lora-course-12-b" / "inner").rmdir()
    cgroups.sweep(12, tmp_path)
    assert [path.name for path in cgroups.found(root=tmp_path)] == ["lora-course-123-a"]
