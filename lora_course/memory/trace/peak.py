"""What a step holds in memory at its fullest moment, and of what kind it is.

A dispatch mode sees every tensor that an operation makes; a storage counts from then until the
last tensor on it is gone. That is what an allocator is asked for, without its own rounding.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from lora_course.memory.trace.flops import flops_of

TEMPORARY = "temporary"
OF_TWO_TYPES = (
    torch.ops.aten.add,
    torch.ops.aten.sub,
    torch.ops.aten.mul,
    torch.ops.aten.div,
)


class StorageLog(TorchDispatchMode):
    """Every storage that comes and goes while the mode is on, in order, with a label each.

    `kind` says what a new tensor is; `relabel` can say it later. `on_cpu`: where an operation
    reads two types, the CPU first copies the narrower one into the wider; a GPU does not. `flops`:
    the operations so far.
    """

    def __init__(
        self, kind: Callable[[Tensor], str] = lambda tensor: TEMPORARY, on_cpu: bool = False
    ) -> None:
        super().__init__()
        self._kind, self._on_cpu = kind, on_cpu
        self.flops = 0
        self._alive: dict[int, int] = {}  # a live storage's address -> its number
        self._sizes: list[int] = []
        self._labels: list[str] = []
        self._events: list[int] = []  # number n: storage n came; ~n: it went

    def hold(self, tensors: Iterable[Tensor], label: str) -> None:
        """Count storages that are there from the start."""
        for tensor in tensors:
            self._see(tensor)
            self._labels[self._alive[tensor.untyped_storage()._cdata]] = label

    def relabel(self, tensors: Iterable[Tensor], label: str) -> None:
        """Say what live tensors are, where nothing else is known of them."""
        for tensor in tensors:
            number = self._alive.get(tensor.untyped_storage()._cdata)
            if number is not None and self._labels[number] == TEMPORARY:
                self._labels[number] = label

    def relabel_living(self, label: str) -> None:
        """The same for everything that is alive now."""
        for number in self._alive.values():
            if self._labels[number] == TEMPORARY:
                self._labels[number] = label

    def _see(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        address = storage._cdata
        if address in self._alive:
            return
        number = len(self._sizes)
        self._alive[address] = number
        self._sizes.append(storage.nbytes())
        self._labels.append(self._kind(tensor))
        self._events.append(number)
        weakref.finalize(storage, self._gone, address, number)

    def _gone(self, address: int, number: int) -> None:
        if self._alive.get(address) == number:
            del self._alive[address]
            self._events.append(~number)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if func is torch.ops.prim.device.default:  # more than half of all calls: makes no tensor
            return out
        tree_map_only(Tensor, self._see, out)
        self.flops += flops_of(func, args, kwargs or {}, out)
        if self._on_cpu and func.overloadpacket in OF_TWO_TYPES:
            for read in args[:2]:
                if isinstance(read, Tensor) and read.dim() and read.dtype != out.dtype:
                    self._passing(read.numel() * out.element_size())
        return out

    def _passing(self, size: int) -> None:
        """A storage that comes and goes within an operation."""
        number = len(self._sizes)
        self._sizes.append(size)
        self._labels.append(TEMPORARY)
        self._events += [number, ~number]

    @property
    def moment(self) -> int:
        """How many storages have come or gone so far: a place to cut at."""
        return len(self._events)

    def timeline(self) -> dict[str, list[int]]:
        """Label -> bytes held after each coming or going, in order: one number a moment."""
        held: dict[str, list[int]] = {label: [] for label in self._labels}
        live = dict.fromkeys(held, 0)
        for event in self._events:
            number, sign = (event, 1) if event >= 0 else (~event, -1)
            live[self._labels[number]] += sign * self._sizes[number]
            for label, size in live.items():
                held[label].append(size)
        return held

    def peak(self) -> dict[str, int]:
        """Bytes by label at the fullest moment; their sum is the peak."""
        return self.peaks([])[0]

    def peaks(self, cuts: Sequence[int]) -> list[dict[str, int]]:
        """The same of each stretch between the moments `cuts`; of one without any event nothing."""
        ends = [*cuts, len(self._events)]
        most, places = [-1] * len(ends), [-1] * len(ends)
        live = stretch = 0
        for position, event in enumerate(self._events):
            live += self._sizes[event] if event >= 0 else -self._sizes[~event]
            while position >= ends[stretch]:
                stretch += 1
            if live > most[stretch]:
                most[stretch], places[stretch] = live, position
        return [self._held_at(place) for place in places]

    def _held_at(self, place: int) -> dict[str, int]:
        held: dict[str, int] = {}
        for event in self._events[: place + 1]:
            number, sign = (event, 1) if event >= 0 else (~event, -1)
            label = self._labels[number]
            held[label] = held.get(label, 0) + sign * self._sizes[number]
        return {label: size for label, size in held.items() if size}
