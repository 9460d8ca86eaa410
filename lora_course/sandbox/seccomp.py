"""A filter of system calls: what a sandboxed process may not ask the kernel of this machine.

Without privileges most of the kernel refuses anyway. Left are ways to become someone with
privileges in a world of one's own, memory that no limit counts, and large interfaces that have
been broken into before; no notebook needs them. Numbers: Linux, unistd_64.h and unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

# Name: numbers on x86-64 and on 64-bit ARM.
REFUSED = {
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "memfd_create": (319, 279),  # memory that a process need not even map
    "memfd_secret": (447, 447),
    "shmget": (29, 194),  # memory that stays when no process has it any more; and messages, so too
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "ptrace": (101, 117),  # into the processes that bubblewrap has inside
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
CLONE, CLONE3 = (56, 220), 435
SOCKET, SECCOMP = (41, 198), (317, 277)
NAMESPACES = 0x7E020000  # all CLONE_NEW… flags
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_…

# Classic BPF, linux/filter.h: load a word of seccomp_data, jump, return.
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
STEP_BYTES, AF_UNIX = 8, 1
PR_SET_NO_NEW_PRIVS, SET_FILTER, ALL_THREADS = 38, 1, 1  # linux/prctl.h, linux/seccomp.h
ALLOW, FAIL = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
OTHER_NUMBERS = 0x40000000  # of x86-64's calls with 32-bit pointers: the same ones again


def program(*, network: bool = True) -> bytes | None:
    """The filter, for `bwrap --seccomp`; None on a machine whose numbers are not known here.

    `network`: whether there may be sockets of other kinds than those within a machine, unix(7).
    """
    machine = platform.machine()
    if machine not in MACHINES:
        return None
    place = list(MACHINES).index(machine)
    refuse = _step(RETURN, FAIL | errno.EPERM)
    steps = [
        _step(LOAD, MACHINE),
        _step(EQUAL, MACHINES[machine], 1, 0),
        refuse,
        _step(LOAD, NUMBER),
        _step(AT_LEAST, OTHER_NUMBERS, 0, 1),
        refuse,
    ]
    for numbers in REFUSED.values():
        steps += [_step(EQUAL, numbers[place], 0, 1), refuse]
    if not network:
        no_family = _step(RETURN, FAIL | errno.EAFNOSUPPORT)
        steps += [_step(EQUAL, SOCKET[place], 0, 4), _step(LOAD, FIRST_ARGUMENT)]
        steps += [_step(EQUAL, AF_UNIX, 1, 0), no_family, _step(LOAD, NUMBER)]
    # Its flags cannot be looked at. The C library then uses clone, whose flags can.
    steps += [_step(EQUAL, CLONE3, 0, 1), _step(RETURN, FAIL | errno.ENOSYS)]
    steps += [_step(EQUAL, CLONE[place], 0, 3), _step(LOAD, FIRST_ARGUMENT)]
    steps += [_step(ANY_BIT, NAMESPACES, 0, 1), refuse, _step(RETURN, ALLOW)]
    return b"".join(steps)


def apply(content: bytes) -> None:
    """Hold all threads of this process to a filter, for good; OSError where that is refused."""
    lib, place = ctypes.CDLL(None, use_errno=True), list(MACHINES).index(platform.machine())
    held = ctypes.create_string_buffer(content, len(content))
    steps = _Program(len(content) // STEP_BYTES, ctypes.addressof(held))
    refused = lib.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if refused or lib.syscall(SECCOMP[place], SET_FILTER, ALL_THREADS, ctypes.byref(steps)):
        raise OSError(ctypes.get_errno(), "the filter of system calls could not be set")


class _Program(ctypes.Structure):
    """sock_fprog: how many steps, and where they stand."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """One instruction; `if_so` and `if_not`: how many of the next ones are left out."""
    return struct.pack("=HBBI", code, if_so, if_not, value)
