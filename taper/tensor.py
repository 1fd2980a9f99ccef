"""Tensor: a shape and a movement path over a storage, and the fields autograd needs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import ref

import numpy as np

from . import dtypes, formatting, moves
from .devices import CPU, device
from .dtypes import dtype
from .gradfn import AccumulateGrad, CallGrad, Edge, GradFn, Handle, Hooks, call_class
from .modes import state
from .moves import Path
from .shapes import Size, contiguous_strides, is_contiguous
from .storage import Storage
from .tape import Value, tape


class Tensor:
    """A multi-dimensional array of one dtype on one device, with gradients where asked for.

    Methods are bound in `taper.methods`; this class holds what they all stand on.
    """

    _path: Path = ()
    _strides: tuple[int, ...] | None = None
    _offset = 0
    _base: Tensor | None = None
    _view_version = 0
    _made = ""  # how a view was made: "no_grad", "multi" or "function" forbid writing it in place
    _nth = 0  # which of several views
    _quiet = False  # writes through `.data` do not count as versions
    _requires_grad = False
    _grad_fn: Any = None
    _place = 0
    _grad: Tensor | None = None
    _hooks: Hooks | None = None
    _post_hooks: Hooks | None = None
    _retains = False
    _accumulator: ref[AccumulateGrad] | None = None
    _inference = False
    _format: str | None = None
    name: str | None = None
    names = None
    __array_priority__ = 1000

    _storage: Storage
    _size: Size
    _dtype: dtype

    if TYPE_CHECKING:  # operators and other methods are bound in `taper.methods`
        _legacy_new: ClassVar[Any]

        def __getattr__(self, name: str) -> Any: ...

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __lshift__(self, other: Any) -> Tensor: ...
        def __rlshift__(self, other: Any) -> Tensor: ...
        def __rshift__(self, other: Any) -> Tensor: ...
        def __rrshift__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Any: ...
        def __ne__(self, other: Any) -> Any: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __contains__(self, item: Any) -> bool: ...

    def __new__(cls, *args: Any, **kwargs: Any) -> Tensor:
        """`Tensor(2, 3)`, `Tensor([1, 2])`: see `taper.functions.creation.legacy_new`."""
        made = cls._legacy_new(*args, **kwargs)
        if cls is not Tensor and type(made) is Tensor:
            made = made.as_subclass(cls)
        return made

    # ------------------------------------------------------------ construction
    @staticmethod
    def _of(value: Value, where: device = CPU) -> Tensor:
        """A tensor on a new storage that holds this value."""
        self = object.__new__(Tensor)
        self._storage = Storage(value, where)
        self._size, self._dtype = value.shape, value.dtype
        return self

    def _alias(self) -> Tensor:
        """Another tensor of the same view of the same storage, outside of autograd."""
        out = object.__new__(Tensor)
        out._storage, out._size, out._dtype = self._storage, self._size, self._dtype
        out._path, out._strides, out._offset = self._path, self._strides, self._offset
        out._format = self._format
        return out

    # ------------------------------------------------------------ contents
    def _node(self) -> Any:
        """The node of the contents in the current epoch."""
        storage = self._storage
        value = storage.value if storage.shared is None else storage.current()
        node = tape.node(value)
        if self._path:
            (node,), _ = tape.record(moves.read, (node,), (self._path,))
        return node

    def _array(self) -> np.ndarray:
        """The contents as a numpy view of the storage; not to be written, nor kept."""
        self._check_data()
        whole = self._storage.array()
        if not self._path:
            return whole
        return self._view_of(whole.reshape(-1))

    def _shared_array(self) -> np.ndarray:
        """The contents as a numpy array that shares the storage's memory."""
        self._check_data()
        flat = self._storage.share()
        return flat.reshape(self._size) if not self._path else self._view_of(flat)

    def _view_of(self, flat: np.ndarray) -> np.ndarray:
        if flat.dtype != self._dtype.array:
            flat = flat.view(self._dtype.array)
        size = self._dtype.itemsize
        if 0 in self._size:
            return flat[:0].reshape(self._size)
        steps = tuple(s * size for s in self.stride())
        return np.lib.stride_tricks.as_strided(flat[self._offset :], self._size, steps)

    def _check_data(self) -> None:
        if self._storage.device.type == "meta":
            raise NotImplementedError("Cannot copy out of meta tensor; no data!")

    # ------------------------------------------------------------ what it is
    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return self._size

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return self._dtype

    @property
    def device(self) -> device:
        """Where the tensor lives."""
        return self._storage.device

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self._size)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.numel() * self._dtype.itemsize

    @property
    def layout(self) -> Any:
        """Always `torch.strided`."""
        return strided

    @property
    def _version(self) -> int:
        if self._inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._storage.version

    def _is_view(self) -> bool:
        return self._base is not None

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        if dim is None:
            return self._size
        n = len(self._size)
        if not -n <= dim < n:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-max(n, 1)}, "
                f"{max(n, 1) - 1}], but got {dim})"
            )
        return self._size[dim]

    def numel(self) -> int:
        """Number of elements."""
        return self._size.numel()

    nelement = numel

    def dim(self) -> int:
        """Number of dimensions."""
        return len(self._size)

    ndimension = dim

    def stride(self, dim: int | None = None) -> Any:
        """Steps between neighbours in memory, in elements."""
        found = contiguous_strides(self._size) if self._strides is None else self._strides
        return found if dim is None else found[dim]

    def storage_offset(self) -> int:
        """Where the first element lies in the storage, in elements."""
        return self._offset

    def element_size(self) -> int:
        """Bytes of one element."""
        return self._dtype.itemsize

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating one."""
        return self._dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self._dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self._dtype.is_signed

    def _is_contiguous(self) -> bool:
        return self._strides is None or is_contiguous(self._size, self._strides)

    # ------------------------------------------------------------ autograd fields
    @property
    def requires_grad(self) -> bool:
        """Whether gradients are recorded for this tensor."""
        if self._requires_grad or self._base is None:
            return self._requires_grad
        return self._dtype.inexact and self._base._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted == self.requires_grad:
            return
        if not wanted and not self.is_leaf:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        if wanted and not self._dtype.inexact:
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        if wanted and self._inference and not state.inference:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not "
                "allowed."
            )
        self._requires_grad = bool(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` in place; returns the tensor."""
        if requires_grad and not self._dtype.inexact:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user rather than by a recorded call."""
        return self.grad_fn is None

    def _stale(self) -> bool:
        """Whether the storage was written since this view's graph node was made."""
        return self._view_version != self._storage.version

    @property
    def grad_fn(self) -> GradFn | None:
        """The graph node of the call that made this tensor."""
        base = self._base
        if base is not None and self._stale() and base.requires_grad and self._dtype.inexact:
            before, place = self._grad_fn, self._place
            self._grad_fn = _regenerated(self, base)
            self._place, self._requires_grad = 0, True
            self._view_version = self._storage.version
            if self._retains and before is not None and place in (before.retained or ()):
                self._grad_fn.retained = {0: before.retained.pop(place)}
        return self._grad_fn

    @property
    def output_nr(self) -> int:
        """Which result of `grad_fn` this is."""
        return self._place

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated by `backward`."""
        if self._grad is None and not self._retains and self._grad_fn is not None:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
                ".grad attribute won't be populated during autograd.backward(). If you indeed want "
                "the .grad field to be populated for a non-leaf Tensor, use .retain_grad() on the "
                "non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you "
                "access the leaf Tensor instead.",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    "assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._size != self._size:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value._size)}' to a tensor of "
                    f"size '{list(self._size)}'. Please ensure that the gradient and the tensor "
                    "are the same size"
                )
            if value._dtype is not self._dtype:
                raise RuntimeError(
                    "attempting to assign a gradient with dtype "
                    f"'{_C_NAME.get(value._dtype.name, value._dtype.name)}' to a tensor with "
                    f"grad_dtype '{formatting_name(self._dtype)}'. The gradient must match the "
                    "tensor's grad_dtype (defaults to the tensor's dtype)."
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _edge(self) -> Edge | None:
        """Where this tensor's gradient goes."""
        fn = self.grad_fn
        if fn is not None:
            return Edge(fn, self._place)
        if not self._requires_grad:
            return None
        accumulator = self._accumulator() if self._accumulator is not None else None
        if accumulator is None:
            accumulator = AccumulateGrad(self)
            self._accumulator = ref(accumulator)
        return Edge(accumulator, 0)

    def register_hook(self, hook: Any) -> Handle:
        """Call `hook(grad)` when the gradient of this tensor is known; what it returns replaces
        it."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        fn = self.grad_fn
        if fn is not None:
            if fn.tensor_hooks is None:
                fn.tensor_hooks = {}
            return fn.tensor_hooks.setdefault(self._place, Hooks()).register(hook)
        if self._hooks is None:
            self._hooks = Hooks()
        return self._hooks.register(hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> Handle:
        """Call `hook(tensor)` after a gradient was accumulated into this leaf."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        if self._post_hooks is None:
            self._post_hooks = Hooks()
        return self._post_hooks.register(hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf tensor in `.grad`."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        fn = self.grad_fn
        if fn is None or self._retains:
            return
        if fn.retained is None:
            fn.retained = {}
        fn.retained[self._place] = ref(self)
        self._retains = True

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this non-leaf tensor."""
        return self._retains

    def detach(self) -> Tensor:
        """A tensor on the same storage that needs no gradient."""
        out = self._alias()
        out._base, out._view_version = None, self._storage.version
        out._inference = self._inference
        return out

    @property
    def data(self) -> Tensor:
        """The same storage outside of autograd; writes through it are not noticed by backward."""
        out = self.detach()
        out._quiet = True
        return out

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
        self._storage, self._path, self._size = new._storage, new._path, new._size
        self._dtype, self._strides, self._offset = new._dtype, new._strides, new._offset
        self._format = new._format

    # ------------------------------------------------------------ to Python
    def item(self) -> Any:
        """The one element as a Python number."""
        if self._size.numel() != 1:
            raise RuntimeError(
                f"a Tensor with {self.numel()} elements cannot be converted to Scalar"
            )
        found = self._array().reshape(())[()]
        return float(found) if self._dtype.is_floating_point else found.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers, or one number."""
        array = self._array()
        if self._dtype.is_half:
            array = array.astype(np.float32)
        return array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The contents as a numpy array that shares memory with this tensor."""
        if force:
            return self.detach()._shared_array()
        if self.requires_grad:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        if self._dtype in (dtypes.bfloat16, dtypes.float8_e4m3fn, dtypes.float8_e5m2):
            raise TypeError(f"Got unsupported ScalarType {formatting_name(self._dtype)}")
        return self._shared_array()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise RuntimeError(
                "Boolean value of Tensor with no values is ambiguous"
                if self.numel() == 0
                else "Boolean value of Tensor with more than one value is ambiguous"
            )
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.numel() != 1 or self._dtype.inexact:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> int:
        if not self._size:
            raise TypeError("len() of a 0-d tensor")
        return self._size[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._size:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        if self.dim() == 0 and not self._retains:
            return self.item().__format__(spec)
        return object.__format__(self, spec)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return describe(self)

    def __dir__(self) -> list[str]:
        return sorted(set(object.__dir__(self)))

    def __deepcopy__(self, memo: dict) -> Tensor:
        if self.grad_fn is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
                "because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001"
            )
        if id(self) in memo:
            return memo[id(self)]
        out = _copied(self, memo)
        out._requires_grad = self._requires_grad
        memo[id(self)] = out
        if self._grad is not None:
            out._grad = self._grad.__deepcopy__(memo)
        return out


def _copied(tensor: Tensor, memo: dict) -> Tensor:
    """A tensor over a copy of the storage; tensors that share one share the copy (through
    `memo`)."""
    storage = tensor._storage
    copy = memo.get(id(storage))
    if copy is None:
        copy = memo[id(storage)] = Storage(storage.current(), storage.device)
    out = tensor._alias()
    out._storage = copy
    if type(tensor) is not Tensor:
        out = out.as_subclass(type(tensor))
    for key, value in tensor.__dict__.items():
        if not hasattr(Tensor, key) and key not in Tensor.__annotations__:
            setattr(out, key, value)
    return out


def _regenerated(view: Tensor, base: Tensor) -> CallGrad:
    """The graph node of a view whose base was written in place."""
    path = view._path[len(base._path) :]
    with tape.lock:
        _, template = tape.record(moves.read, (base._node(),), (path,))
    return call_class("AsStridedBackward0")((base._edge(),), template, (True,), {}, {})


class layout:
    """How elements lie in memory. Taper has `strided` only; the others are names to refuse."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


strided = layout("strided")
sparse_coo, sparse_csr = layout("sparse_coo"), layout("sparse_csr")
_C_NAME = {
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
}
_SCALAR = {"bfloat16": "BFloat16", "float8_e4m3fn": "Float8_e4m3fn", "float8_e5m2": "Float8_e5m2"}


def formatting_name(kind: dtype) -> str:
    """PyTorch's name of a scalar type, as its messages write it."""
    return (
        _SCALAR.get(kind.name)
        or {
            "float32": "Float",
            "float64": "Double",
            "float16": "Half",
            "int64": "Long",
            "int32": "Int",
            "int16": "Short",
            "int8": "Char",
            "uint8": "Byte",
            "bool": "Bool",
            "complex64": "ComplexFloat",
            "complex128": "ComplexDouble",
            "uint16": "UInt16",
            "uint32": "UInt32",
            "uint64": "UInt64",
        }[kind.name]
    )


def describe(tensor: Tensor) -> str:
    """The tensor as PyTorch prints it."""
    fn = tensor.grad_fn
    where = tensor.device
    return formatting.describe_tensor(
        tensor._array() if where.type != "meta" else None,
        str(tensor._dtype),
        shape=tensor._size,
        device=str(where),
        requires_grad=tensor.requires_grad,
        grad_fn_name=None if fn is None else type(fn).__name__,
        default_dtype=str(dtypes.get_default()),
    )
