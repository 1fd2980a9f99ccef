"""What the names in PyTorch's files stand for here, and what Taper's objects are called in them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import dtypes
from ..devices import device
from ..dtypes import dtype
from ..shapes import Size
from ..tensor import Tensor
from . import tensors

HOME = __name__.partition(".")[0]
ROOTS = {"torchvision": f"{HOME}.vision", "torch": HOME}
PUBLIC = (f"{HOME}.nn.functional", HOME)  # where programs, and so PyTorch, know a function

MOVED = {  # modules of Taper's whose classes PyTorch keeps elsewhere
    "torch.nn.modules.attention": "torch.nn.modules.activation",
    "torch.nn.modules.hooks": "torch.utils.hooks",
    "torch.nn.modules.parametercontainer": "torch.nn.modules.container",
    "torch.nn.modules.rnncells": "torch.nn.modules.rnn",
    "torch.nn.modules.state": "torch.nn.modules.module",
    "torch.nn.parallel": "torch.nn.parallel.data_parallel",
    "torch.optim._adafactor": "torch.optim",
    "torch.optim._muon": "torch.optim",
    **{
        f"torch.optim.lr_scheduler.{part}": "torch.optim.lr_scheduler"
        for part in ("base", "chainable", "combined", "cycles", "plateau")
    },
}


@dataclass(frozen=True, eq=False)
class StorageType:
    """A class of PyTorch's storages, by which files say what bytes are; dtype None is untyped."""

    module: str
    name: str
    dtype: dtype | None

    def __reduce__(self) -> str:
        return self.name


STORAGES = {
    "DoubleStorage": dtypes.float64,
    "FloatStorage": dtypes.float32,
    "HalfStorage": dtypes.float16,
    "BFloat16Storage": dtypes.bfloat16,
    "LongStorage": dtypes.int64,
    "IntStorage": dtypes.int32,
    "ShortStorage": dtypes.int16,
    "CharStorage": dtypes.int8,
    "ByteStorage": dtypes.uint8,
    "BoolStorage": dtypes.bool_,
    "ComplexFloatStorage": dtypes.complex64,
    "ComplexDoubleStorage": dtypes.complex128,
}
UNTYPED = StorageType("torch.storage", "UntypedStorage", None)
TYPED = {d: StorageType("torch", name, d) for name, d in STORAGES.items()}

REBUILDERS: dict[str, Callable] = {
    "torch._utils._rebuild_tensor": tensors.rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": tensors.rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": tensors.rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": tensors.rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": tensors.rebuild_parameter_with_state,
    "torch._utils._rebuild_meta_tensor_no_storage": tensors.rebuild_meta_tensor,
    "torch._tensor._rebuild_from_type_v2": tensors.rebuild_from_type,
    "torch.serialization._get_layout": tensors.get_layout,
}
KNOWN: dict[str, object] = {
    **REBUILDERS,
    **{f"torch.{d.name}": d for d in dtypes.ALL},
    **{f"{t.module}.{t.name}": t for t in (UNTYPED, *TYPED.values())},
    **{f"torch.cuda.{t.name}": t for t in TYPED.values()},
    "torch.Size": Size,
    "torch.device": device,
    "torch.Tensor": Tensor,
    "torch._tensor.Tensor": Tensor,
    **{f"torch.{t.name.replace('Storage', 'Tensor')}": Tensor for t in TYPED.values()},
}
WRITTEN = {id(value): name.rpartition(".")[::2] for name, value in reversed(KNOWN.items())}


def is_ours(value: object) -> bool:
    """Whether a class or function was defined by Taper."""
    module = getattr(value, "__module__", None) or ""
    return module == HOME or module.startswith(HOME + ".")


def resolve(module: str, name: str) -> object:
    """Taper's object of PyTorch's name; AttributeError where Taper has none.

    What PyTorch keeps in `torch.nn.modules.linear` may be in any parent of that module here."""
    known = KNOWN.get(f"{module}.{name}")
    if known is not None:
        return known
    root, _, rest = module.partition(".")
    here = f"{ROOTS[root]}.{rest}".rstrip(".")
    while here:
        found = _look_up(here, name)
        if found is not None and is_ours(found):
            return found
        here = here.rpartition(".")[0]
    raise AttributeError(
        f"Can't get attribute {name!r} on module {module!r}: Taper has no such object"
    )


def _look_up(module: str, name: str) -> object | None:
    found: Any
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith(HOME):
            raise
        return None
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def written_name(value: object) -> tuple[str, str] | None:
    """Module and name that a file gives to an object of Taper's; None for anybody else's."""
    known = WRITTEN.get(id(value))
    if known is not None:
        return known
    if not is_ours(value):
        return None
    name = getattr(value, "__qualname__", type(value).__name__)
    for home in PUBLIC:
        if getattr(sys.modules.get(home), name, None) is value:
            return _theirs(home), name
    return _theirs(value.__module__), name


def names_of(value: object) -> list[str]:
    """Every full name under which a file may ask for a class or function."""
    own = f"{value.__module__}.{getattr(value, '__qualname__', '')}"
    written = written_name(value)
    return [own] if written is None else [own, ".".join(written), _theirs(own)]


def _theirs(module: str) -> str:
    for root, here in ROOTS.items():
        if module == here or module.startswith(here + "."):
            found = root + module[len(here) :]
            return MOVED.get(found, found)
    return module
