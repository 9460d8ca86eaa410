"""Hostile submissions. Bounded, should a sandbox fail: 60 s, 4 GB, 300 processes, no signal to
any process but the parent, and files only at the place that the test watches."""

import json

from tests.example import ONLY_A, A, B
from tests.grading.notebooks import Entry, notebook, with_outputs

FAKES = (
    "estimate_lora_params = adapter_memory = run_rank_comparison = choose_rank_by_hand = sweep = {}"
)


def fake(returned, before=""):
    """All answers return the same, without any work done."""
    return notebook(before, FAKES.format(f"lambda *a, **k: {returned}"))


def after_a(*cells):
    """Question (a) answered, then something hostile: the two points stay."""
    return notebook(A, *cells)


def loop(body):
    return f"import os, signal, time\nend = time.time() + 55\nwhile time.time() < end:\n{body}"


def to_sockets(what):
    """Does `what` to `one`, each of the kernel's ends of its connections to the grader; again and
    again, since the grader connects anew."""
    return (
        "import socket, threading, time\nend = time.time() + 55\ndef all_of_them():\n"
        "    for n in range(3, 200):\n        try:\n"
        "            one = socket.socket(fileno=n)\n        except OSError:\n"
        "            continue\n        try:\n            one.getpeername()\n"
        f"            {what}\n        except OSError:\n            pass\n        one.detach()\n"
        "def until_the_end():\n    while time.time() < end:\n        all_of_them()\n"
        "        time.sleep(0.01)\n"
        "all_of_them()\nthreading.Thread(target=until_the_end, daemon=True).start()"
    )


FILL = (
    "import os\nwritten = 0\nfor folder in {folders}:\n    try:\n"
    "        for n in range(40):\n            with open(f'{{folder}}/{{n}}', 'wb') as file:\n"
    "                written += file.write(bytes(50_000_000))\n    except OSError:\n        pass\n"
    "assert written < 600e6, written"
)
LOOPS = {
    "loop": loop("    pass"),
    "loop that swallows interrupts": loop(
        "    try:\n        while time.time() < end: pass\n    except BaseException: pass"
    ),
    "loop that ignores signals": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    + loop("    pass"),
    "loop in C": "import signal\nsignal.alarm(55)\nsum(range(10**12))",
    "sleeps in the kernel's own loop": "import time\nget_ipython().kernel.io_loop.call_later(0,"
    " time.sleep, 55)\ntime.sleep(55)",
    "asks for input without end": loop("    input()"),
    "sockets closed": "get_ipython().kernel.shell_stream.close()",
    "broken frames to the grader": to_sockets("one.send(b'\\xff' * 64)"),
    "connections closed": to_sockets("one.shutdown(2)"),
    "signs with another key": "get_ipython().kernel.session.key = b'other'",
}
ENDS = {
    "exit at once": "import os\nos._exit(0)",
    "abort": "import os\nos.abort()",
    "segmentation fault": "import ctypes\nctypes.string_at(0)",
    "ends itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "endless recursion": (
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "class Deep:\n    def __repr__(self):\n        return repr(self)\nrepr(Deep())"
    ),
    "thread that ends the kernel": (
        "import os, threading, time\nthreading.Timer(0.5, os._exit, [1]).start()\ntime.sleep(2)"
    ),
}
MEMORY = {
    "memory in one process": "held = []\nfor _ in range(40):\n    held.append(bytearray(100 * 10**6))",
    "memory in several processes": (
        "import os, time\nchildren = []\n"
        "for _ in range(8):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        held = b'x' * 450_000_000\n"
        "        time.sleep(3)\n"
        "        os._exit(0)\n"
        "    children.append(child)\n"
        "for child in children:\n"
        "    os.waitpid(child, 0)"
    ),
}
CONTAINED = {
    "many processes": (
        "import os, time\nfor _ in range(300):\n    if os.fork() == 0:\n        time.sleep(50)\n"
        "        os._exit(0)"
    ),
    "many threads": (
        "import threading, time\nfor _ in range(300):\n"
        "    threading.Thread(target=time.sleep, args=(50,), daemon=True).start()"
    ),
    "processes that stay": (
        "import subprocess\nsubprocess.Popen(['sleep', '50'], start_new_session=True)"
    ),
    "signal to the parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "disk filled": (
        "for folder in ('/tmp', '/dev/shm', '.'):\n    try:\n        for n in range(20):\n"
        "            open(f'{folder}/{n}', 'wb').write(bytes(50_000_000))\n"
        "    except OSError as error:\n        print(error)"
    ),
    "one huge file": "open('big', 'wb').write(bytes(200_000_000))",
    "many open files": "held = [open('/dev/null') for _ in range(5000)]",
    "limits raised": (
        "import resource\nfor what in (resource.RLIMIT_DATA, resource.RLIMIT_NPROC):\n"
        "    resource.setrlimit(what, (resource.RLIM_INFINITY,) * 2)"
    ),
    "privileges": (
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
        "print(libc.unshare(0x10000000), libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))\n"
        "os.setuid(0)"
    ),
    "memory without a name": (
        "import os\nheld = [os.memfd_create(str(n)) for n in range(40)]\n"
        "for one in held:\n    os.write(one, bytes(100_000_000))"
    ),
    "flood of output": "for _ in range(2000):\n    print('x' * 100_000)",
    "flood of displays": "for n in range(2000):\n    display({'text/plain': 'x' * 10_000}, raw=True)",
    "flood past Python": "import os\nfor _ in range(2000):\n    os.write(1, b'x' * 60_000); os.write(2, b'x' * 60_000)",
    "sockets replaced": (
        "import glob, os\nfor path in glob.glob('/tmp/sandbox-*/socket-*'):\n"
        "    os.unlink(path); os.symlink('/run/host.sock', path)"
    ),
    "connection file changed": (
        "import glob\nfor path in glob.glob('/tmp/sandbox-*/kernel.json'):\n    open(path, 'w')"
    ),
    "the root filled": FILL.format(
        folders="[f for f, _, _ in os.walk('/') if not f.startswith(('/proc', '/sys'))]"
    ),
    "memory that belongs to no process": (
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "for key in range(30):\n    libc.shmget(0, 100_000_000, 0o1600)"
    ),
    "the environment of other processes, raised": (
        "import glob\nseen = []\nfor path in glob.glob('/proc/*/environ'):\n    try:\n"
        "        seen += open(path, errors='replace').read().split('\\0')\n"
        "    except OSError:\n        pass\n"
        "raise ValueError([one for one in seen if one.startswith('GRADER')])"
    ),
    "standard streams closed": "import os\nfor n in (0, 1, 2):\n    os.close(n)",
}
# The kernel itself cannot go on with these, so nothing comes back from it.
BREAKS = {
    "json patched": 'import json\njson.dumps = lambda *a, **k: \'{"tree": 1, "tensors": ""}\'\njson.loads = lambda *a, **k: {}',
    "builtins patched": "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.all = lambda x: True\nbuiltins.len = lambda x: 4",
}
PATCHES = {
    "numpy patched": "import numpy\nnumpy.allclose = numpy.array_equal = lambda *a, **k: True\nnumpy.abs = lambda x: 0",
    "torch patched": "import torch\ntorch.equal = torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True",
    "questions patched": (
        "from lora_course.checks import question\n"
        "question.Question.check = question.Question.grade = lambda *a, **k: 'full marks'\n"
        "question.compare = lambda *a, **k: None\n"
        "question.Part.__init__ = lambda *a, **k: None"
    ),
    "result patched": (
        "from lora_course.checks.result import Finding, Outcome, Result\n"
        "Finding.earned = Result.points = Result.max_points = property(lambda self: 100)"
    ),
    "answer patched": (
        "from lora_course.checks import answer, plain\n"
        "answer.LocalAnswer.call = lambda *a: True\nplain.to_plain = lambda *a: True"
    ),
    "estimator patched": (
        "from lora_course import estimators\nestimators.estimate_lora_params = lambda *a, **k: 7"
    ),
    "time patched": "import time\ntime.perf_counter = time.time = time.monotonic = lambda: 0.0",
    "asserts removed": (
        "import ast\nclass Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n        return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Drop())"
    ),
    "input replaced": ("get_ipython().input_transformers_post.append(lambda lines: ['True\\n'])"),
    "formatter replaced": (
        "shell = get_ipython()\n"
        "shell.display_formatter.format = lambda *a, **k: ({'text/plain': \"'10'\"}, {})"
    ),
    "imports replaced": (
        "import builtins\nreal = builtins.__import__\n"
        "class Yes:\n    def __getattr__(self, name): return lambda *a, **k: True\n"
        "builtins.__import__ = lambda name, *a, **k: (Yes() if 'grading' in name else real(name, *a, **k))"
    ),
}


def answering(expression):
    """The grader's own hand in the kernel replaced: it sends what it likes."""
    return (
        "import base64, json\nimport lora_course.grading.wire as inside\n"
        "def encode(text): return base64.b64encode(text.encode()).decode()\n"
        f"inside.reply = lambda answer, request, probe: {expression}"
    )


FLOODS = {
    "requests for input, unread": (
        "kernel = get_ipython().kernel\nfor _ in range(2000):\n"
        "    kernel.session.send(kernel.stdin_socket, 'input_request', {'prompt': '', 'password': False})"
    ),
}
NO_HEADER = (
    "session = get_ipython().kernel.session\nreal = session.serialize\n"
    "def forged(message, ident=None):\n"
    "    message['parent_header'] = []\n    return real(message, ident=ident)\n"
    "session.serialize = forged"
)
FORGED = {
    "forged points": answering('encode(json.dumps({"points": 10, "outcome": "correct"}))'),
    "forged value": answering(
        """encode(json.dumps({"tree": {"dict": [["value", True]]}, "tensors": ""}))"""
    ),
    "forged value, deeply nested": answering(
        """encode('{"tree": ' + '{"list": [' * 10**5 + ']}' * 10**5 + ', "tensors": ""}')"""
    ),
    "forged value, wide": answering(
        """encode('{"tree": {"list": [' + '1,' * 2_000_000 + '1]}, "tensors": ""}')"""
    ),
    "forged number of many digits": answering(
        """encode('{"tree": {"dict": [["value", ' + '9' * 10**6 + ']]}, "tensors": ""}')"""
    ),
    "forged tags": answering(
        """encode('{"tree": {"dict": [[{"list": []}, {"tensor": "0"}]]}, "tensors": ""}')"""
    ),
    "forged header of tensors": answering(
        """encode(json.dumps({"tree": {"tensor": "0"}, "tensors":"""
        """ base64.b64encode((2**62).to_bytes(8, "little") + b"{}").decode()}))"""
    ),
    "forged shape of tensors": answering(
        """encode(json.dumps({"tree": {"dict": [["value", {"tensor": "0"}]]}, "tensors":"""
        """ base64.b64encode((lambda h: len(h).to_bytes(8, "little") + h)(b'{"0": {"dtype": "F32","""
        """ "shape": [4611686018427387904, 4], "data_offsets": [0, 0]}}')).decode()}))"""
    ),
    "forged tensor of very many dimensions": answering(
        """encode(json.dumps({"tree": {"dict": [["value", {"tensor": "0"}]]}, "tensors":"""
        """ base64.b64encode((lambda h: len(h).to_bytes(8, "little") + h + bytes(4))(json.dumps("""
        """{"0": {"dtype": "F32", "shape": [1] * 60_001, "data_offsets": [0, 4]}})"""
        """.encode())).decode()}))"""
    ),
    "forged keys that are all looked up in one place": answering(
        """encode(json.dumps({"tree": {"dict": [["value", {"dict":"""
        """ [[n * (2**61 - 1), 0] for n in range(20_000)]}]]}, "tensors": ""}))"""
    ),
    "a pickle for tensors": answering(
        """encode(json.dumps({"tree": {"tensor": "0"}, "tensors":"""
        """ base64.b64encode(b"cos\\nsystem\\n(S'touch WATCHED/pickle'\\ntR.").decode()}))"""
    ),
    "forged list, longer than is read": answering(
        'encode(json.dumps({"tree": {"dict": [["value", {"list": [0] * 20_000}]]}, "tensors": ""}))'
    ),
    "no text at all": answering("object()"),
    "markup for a message": answering(
        """encode(json.dumps({"tree": {"dict": [["error", "<script>alert(1)</script>"]]},"""
        """ "tensors": ""}))"""
    ),
}
EXPERIMENTS = "[{'rank': r, 'alpha': r, 'trainable_params': 32 * r, 'accuracy': 0.7, 'training_time_seconds': 0.1, 'seed': s, 'adapter': None} for r in a[1] for s in a[3]]"
VALUES = {
    "always equal": "type('E', (), {'__eq__': lambda s, o: True, '__le__': lambda s, o: True, '__hash__': lambda s: 0})()",
    "number that lies": "type('I', (int,), {'__eq__': lambda s, o: True, '__hash__': lambda s: 0})(3)",
    "not a number": "float('nan')",
    "infinity": "float('inf')",
    "dict of not a number": "dict.fromkeys(('adapter_mb', 'gradients_mb', 'optimizer_mb', 'rank', 'best_rank', 'difference', 'standard_error'), float('nan'))",
    "true": "True",
    "huge number": "10**6000",
    "huge text": "'x' * 10**8",
    "huge list": "[0] * 10**8",
    "nested without end": "(lambda l: l.append(l) or l)([])",
    "keys that are all looked up in one place": "{n * (2**61 - 1): 0 for n in range(20_000)}",
    "a tensor of very many dimensions": "__import__('torch').zeros([1] * 60_000)",
    "a huge decimal": "__import__('decimal').Decimal('1e999999999')",
    "generator without end": "__import__('itertools').count()",
    "pickle in an object": "type('P', (), {'__reduce__': lambda s: (__import__('os').system, ('touch WATCHED/reduce',))})()",
}


def look_for(name):
    """Runs the code of every notebook on the machine whose name holds `name`."""
    return (
        "import json, os\nsystem = {'proc', 'sys', 'dev', 'usr', 'lib', 'lib32', 'lib64', 'bin', 'sbin'}\n"
        "for top in set(os.listdir('/')) - system:\n"
        "    for folder, _, files in os.walk('/' + top):\n"
        f"        for file in files if '.venv' not in folder else ():\n"
        f"            if {name!r} in file and file.endswith('.ipynb'):\n"
        "                for cell in json.load(open(os.path.join(folder, file)))['cells']:\n"
        "                    exec(''.join(cell['source']))"
    )


PEEKS = {
    "solutions read from the package": (
        "from lora_course.chapters.ch04_rank_selection import questions as ch04\nexec(ch04.lora_params.solution().body)"
    ),
    "solutions looked for": look_for("04_rank_selection"),
    "other submissions looked for": look_for("perfect"),
    "a file of the host": "exec(open('WATCHED/secret.py').read())",
    "the host by way of proc": "exec(open('/proc/1/rootWATCHED/secret.py').read())",
    "the network": (
        "import socket\nwith socket.create_connection(('127.0.0.1', PORT), timeout=5) as s:\n"
        "    exec(s.recv(10000).decode())"
    ),
    "the environment of the first process": (
        "import os\nfor one in open('/proc/1/environ').read().split('\\0'):\n"
        "    if one.startswith('GRADER_SECRET='):\n        exec(one.partition('=')[2])"
    ),
    "the checks' own right answers": (
        "from lora_course.chapters.ch04_rank_selection.check_lora_params import right as"
        " estimate_lora_params\n"
    ),
    "the checks, compiled": (
        "import glob, importlib.machinery, os, lora_course.chapters as chapters\n"
        "for path in glob.glob(chapters.__path__[0] + '/ch04*/**/check_lora_params*', recursive=True):\n"
        "    load = importlib.machinery.SourcelessFileLoader('found', path)\n"
        "    estimate_lora_params = load.load_module().right"
    ),
    "a spy in place of compare": (
        "import os\nfrom lora_course.checks import question\n"
        "os.environ.pop(question.NO_CHECKS, None)\nknown = {}\n"
        "def spy(answer, function, cases, right, *rest, **named):\n    known[function] = right\n"
        "question.compare = spy\n"
        "from lora_course.chapters.rooms import question_of\n"
        "question_of('ch04.lora_params').check(print)\n"
        "estimate_lora_params = known['estimate_lora_params']"
    ),
    "the environment": "import os\nexec(os.environ['GRADER_SECRET'])",
}
WRITES = {
    "writes outside": (
        "import os\nfor folder in ('WATCHED', '/', '/usr', '/etc', os.path.dirname(os.__file__)):\n"
        "    try:\n        open(folder + '/lora-course-was-here', 'w').close()\n"
        "    except OSError as error:\n        print(error)"
    ),
    "package changed": ("import lora_course\nopen(lora_course.__file__, 'a').write('# changed')"),
    "submissions deleted": "import shutil\nshutil.rmtree('WATCHED')",
}
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
BYTES = {
    "empty file": (b"", "is empty"),
    "only spaces": (b" \n\n", "is empty"),
    "half a notebook": (notebook(A)[:-40], "no valid JSON"),
    "merge conflict": (
        b"<<<<<<< HEAD\n" + notebook(A) + b"=======\n" + notebook(A) + b">>>>>>> theirs\n",
        "merge conflict",
    ),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "UTF-8"),
    "a list": (b"[1, 2]", "no cells"),
    "a number": (b"7", "no cells"),
    "cells that are no list": (b'{"nbformat": 4, "cells": {"0": 1}}', "no cells"),
    "nested deep": (b"[" * 200_000, "nested too deep"),
    "huge": (b'{"cells": [' + b" " * (101 << 20) + b"]}", "larger than 100 MB"),
    "many cells": (
        json.dumps({"cells": [{"cell_type": "code", "source": ""}] * 3000}).encode(),
        "more than 2,000 code cells",
    ),
    "a pickle": (b"cos\nsystem\n(S'touch WATCHED/file'\ntR.", "no valid JSON"),
}
ODD = json.dumps(
    {
        "nbformat": 99,
        "metadata": 5,
        "cells": [
            None,
            7,
            {"cell_type": "code"},
            {"cell_type": "code", "source": {"a": 1}},
            {"cell_type": ["code"], "source": "1 / 0"},
            {"cell_type": "code", "source": [None, 3, A], "outputs": "x", "metadata": []},
            {"cell_type": "code", "source": "x = '\ud800'"},
        ],
    }
).encode()

ENTRIES = [
    *(Entry(name, after_a(code), ONLY_A, "time limit") for name, code in LOOPS.items()),
    *(
        Entry(name, after_a(code), ONLY_A, "kernel died", sandboxed=True)
        for name, code in ENDS.items()
    ),
    *(
        Entry(name, after_a(code), ONLY_A, "memory limit", sandboxed=True)
        for name, code in MEMORY.items()
    ),
    *(Entry(name, after_a(code), ONLY_A, sandboxed=True) for name, code in CONTAINED.items()),
    *(Entry(name, after_a(code), ONLY_A, sandboxed=True) for name, code in WRITES.items()),
    *(Entry(name, fake("10", code)) for name, code in PATCHES.items()),
    *(Entry(name, fake("10", code), {}, "time limit") for name, code in BREAKS.items()),
    *(Entry(name, fake("10", code)) for name, code in FORGED.items()),
    *(Entry(name, fake(value)) for name, value in VALUES.items()),
    # The table is as asked; what it claims to have measured is not.
    Entry("experiments of nothing", fake(EXPERIMENTS), {"rank_comparison": 1}),
    Entry(
        "experiments of nothing, in no time",
        fake(EXPERIMENTS.replace("'training_time_seconds': 0.1", "'training_time_seconds': 1e-5")),
        {"rank_comparison": 1},
    ),
    *(Entry(name, notebook(code), sandboxed=True) for name, code in PEEKS.items()),
    *(Entry(name, raw, {}, "unreadable", words) for name, (raw, words) in BYTES.items()),
    Entry(
        "four cells that end the kernel",
        notebook(*[ENDS["exit at once"]] * 2, A, ENDS["abort"], B, ENDS["exit at once"]),
        {"lora_params": 2, "adapter_memory": 2},
        "kernel died",
    ),
    Entry(
        "ends the kernel in every cell", notebook(A, *[ENDS["abort"]] * 9, B), ONLY_A, "kernel died"
    ),
    *(Entry(name, notebook(A, *[code] * 3), ONLY_A) for name, code in FLOODS.items()),
    Entry("replies without a header", after_a(NO_HEADER), ONLY_A, "time limit"),
    Entry("another encoding", notebook(A).decode().encode("utf-16"), ONLY_A),
    Entry(
        "the course's own function",
        notebook("from lora_course import estimate_lora_params"),
        {"lora_params": 1},
        flag="estimate_lora_params is the course's own lora_course.memory",
    ),
    Entry(
        "torch patched, told",
        after_a("import torch\ntorch.Tensor.__eq__ = lambda *a: True"),
        ONLY_A,
        flag="cell 2 changes a module: torch.Tensor.__eq__",
    ),
    Entry("never chooses", notebook("def choose_rank_by_hand(r, a):\n    return {'rank': None}")),
    Entry(
        "much code",
        notebook(A, "\n".join(f"x{n} = {n}" for n in range(60_000))),
        ONLY_A,
    ),
    Entry("huge reply", fake("10", answering("'x' * 150_000_000")), {}, "time limit"),
    Entry("odd cells", ODD, ONLY_A),
    Entry(
        "scripts everywhere",
        with_outputs(
            after_a(f"#md {SCRIPT}", f"1 / 0 # {SCRIPT}", f"raise ValueError({SCRIPT!r})"), SCRIPT
        ),
        ONLY_A,
    ),
]
NAMES = {
    "formula": "=HYPERLINK(1).ipynb",
    "minus": "-rf.ipynb",
    "at": "@SUM(1+1).ipynb",
    "script": "<script>alert(1)<!--.ipynb",
    "quotes": "a\"onmouseover='x'.ipynb",
    "newline": "two\nlines.ipynb",
    "unicode": "Ünïcödé 名前 \u202egnp.ipynb",
    "dots": "..x ..%2f..%2fy.ipynb",
    "long": "n" * 200 + ".ipynb",
    "upper case": "PERFECT.IPYNB",
    "no ending": "homework",
}
NAMED = {file: Entry(name, after_a("x = 1"), ONLY_A) for name, file in NAMES.items()}
