"""Devices: where a tensor lives."""

from __future__ import annotations

KINDS = ("cpu", "cuda", "xla", "meta", "mps", "xpu")


class device:
    """`device("cpu")`, `device("cuda:0")`, `device("cuda", 1)`: a kind and an optional index."""

    __slots__ = ("index", "type")

    def __init__(self, type: str | device | int, index: int | None = None) -> None:
        if isinstance(type, device):
            index = type.index if index is None else index
            type = type.type
        if isinstance(type, int):
            index = type
            type = "cuda"
        kind, colon, number = str(type).partition(":")
        if kind not in KINDS or (colon and not number.isdigit()):
            raise RuntimeError(
                f"Expected one of {', '.join(KINDS)} device type at start of device string: {type}"
                if kind not in KINDS
                else f"Invalid device string: '{type}'"
            )
        if colon and index is not None:
            raise RuntimeError(
                "type (string) must not include an index because index was passed explicitly: "
                f"{type}"
            )
        self.type: str = kind
        self.index: int | None = int(number) if colon else index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + (
            ")" if self.index is None else f", index={self.index})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple:
        return device, (self.type, self.index) if self.index is not None else (self.type,)

    def __enter__(self) -> device:
        _stack.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _stack.pop()


CPU, META = device("cpu"), device("meta")
_stack: list[device] = [CPU]


def default() -> device:
    """The device of new tensors."""
    return _stack[-1]


def set_default(where: str | device | None) -> None:
    """Set the device of new tensors; None means the CPU."""
    _stack[0] = CPU if where is None else device(where)


def resolve(where: str | device | int | None) -> device:
    """The device a `device=` argument names; RuntimeError says what to install for one that is not
    here."""
    if where is None:
        return _stack[-1]
    found = where if isinstance(where, device) else device(where)
    if found.type in ("cpu", "meta"):
        return found
    raise RuntimeError(
        f"Taper was asked for {found}, and no such device is available here: pip install "
        "'taper[cuda]' for NVIDIA GPUs, 'taper[tpu]' for TPUs, and see torch.cuda.is_available()"
    )
