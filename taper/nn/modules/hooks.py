"""What happens when a module is called: its forward, and the hooks before, after and in backward.

A call without hooks goes straight to `forward`. Hooks of backward are an identity function put
around the inputs and another around the outputs: hooks see the gradients that pass through them.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from weakref import ref

from ...autograd.function import Function
from ...gradfn import Handle
from ...modes import is_grad_enabled
from ...tensor import Tensor

HOOK_TABLES = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)

# Hooks of all modules, by handle number.
global_forward_pre: OrderedDict[int, Callable] = OrderedDict()
global_forward: OrderedDict[int, Callable] = OrderedDict()
global_forward_with_kwargs: OrderedDict[int, bool] = OrderedDict()
global_forward_always: OrderedDict[int, bool] = OrderedDict()
global_backward_pre: OrderedDict[int, Callable] = OrderedDict()
global_backward: OrderedDict[int, Callable] = OrderedDict()
global_buffer_registration: OrderedDict[int, Callable] = OrderedDict()
global_module_registration: OrderedDict[int, Callable] = OrderedDict()
global_parameter_registration: OrderedDict[int, Callable] = OrderedDict()
_global_backward_kind: dict[str, bool] = {}  # {"full": True or False} once a backward hook exists


class RemovableHandle(Handle):
    """What registering a hook returns; `remove()`, or the end of a `with`, takes it out again."""

    def __init__(self, table: OrderedDict, *, extra_dict: Any = None) -> None:
        super().__init__(table)
        extra = extra_dict if isinstance(extra_dict, list) else [extra_dict]
        self.extra = [ref(marks) for marks in extra if marks is not None]

    def remove(self) -> None:
        super().remove()
        for marks in self.extra:
            held = marks()
            if held is not None:
                held.pop(self.id, None)

    def __getstate__(self) -> tuple:
        return self.hooks(), self.id, tuple(marks() for marks in self.extra)

    def __setstate__(self, held: tuple) -> None:
        table, self.id, extra = held
        self.hooks = ref(OrderedDict() if table is None else table)
        self.extra = [ref(marks) for marks in extra if marks is not None]


def add_hook(
    table: OrderedDict, hook: Any, prepend: bool = False, extra: Any = None
) -> RemovableHandle:
    """Put `hook` into `table`; the handle removes it there and in the tables `extra`."""
    handle = RemovableHandle(table, extra_dict=extra)
    table[handle.id] = hook
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def announce_module(parent: Any, name: str, module: Any) -> Any:
    """Let the global registration hooks see, and perhaps replace, a new child."""
    for hook in global_module_registration.values():
        replaced = hook(parent, name, module)
        if replaced is not None:
            module = replaced
    return module


# ---------------------------------------------------------------- registering, one module
def register_forward_pre_hook(
    self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
) -> RemovableHandle:
    """Run `hook(module, args)` before forward, or `hook(module, args, kwargs)` `with_kwargs`.

    What it returns, unless None, replaces the arguments.
    """
    marks = self._forward_pre_hooks_with_kwargs
    handle = add_hook(self._forward_pre_hooks, hook, prepend, marks)
    if with_kwargs:
        marks[handle.id] = True
    return handle


def register_forward_hook(
    self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False,
    always_call: bool = False,
) -> RemovableHandle:  # fmt: skip
    """Run `hook(module, args, output)` after forward; what it returns replaces the output.

    `with_kwargs` puts keyword arguments before the output; `always_call` runs it after errors too.
    """
    marks, always = self._forward_hooks_with_kwargs, self._forward_hooks_always_called
    handle = add_hook(self._forward_hooks, hook, prepend, [marks, always])
    if with_kwargs:
        marks[handle.id] = True
    if always_call:
        always[handle.id] = True
    return handle


def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
    """Run `hook(module, grad_output)` before the module's gradients; it may return new ones."""
    return add_hook(self._backward_pre_hooks, hook, prepend)


def _choose_backward_kind(self, full: bool) -> None:
    if self._is_full_backward_hook is (not full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks on a single Module. "
            "Please use only one of them."
        )
    self._is_full_backward_hook = full


def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
    """Run `hook(module, grad_input, grad_output)` when the gradients of the inputs are known."""
    _choose_backward_kind(self, full=True)
    return add_hook(self._backward_hooks, hook, prepend)


def register_backward_hook(self, hook: Callable) -> RemovableHandle:
    """The old backward hook, on forward's last operation; use `register_full_backward_hook`."""
    _choose_backward_kind(self, full=False)
    return add_hook(self._backward_hooks, hook)


# ---------------------------------------------------------------- registering, all modules
def register_module_buffer_registration_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, name, buffer)` at every register_buffer; it may return another buffer."""
    return add_hook(global_buffer_registration, hook)


def register_module_module_registration_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, name, submodule)` for every new child; it may return another module."""
    return add_hook(global_module_registration, hook)


def register_module_parameter_registration_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, name, param)` at every register_parameter; it may return another."""
    return add_hook(global_parameter_registration, hook)


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, args)` before the forward of every module."""
    return add_hook(global_forward_pre, hook)


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Run `hook(module, args, output)` after the forward of every module."""
    handle = add_hook(
        global_forward, hook, extra=[global_forward_with_kwargs, global_forward_always]
    )
    if with_kwargs:
        global_forward_with_kwargs[handle.id] = True
    if always_call:
        global_forward_always[handle.id] = True
    return handle


def _choose_global_backward_kind(full: bool) -> None:
    if _global_backward_kind.setdefault("full", full) is not full:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module "
            "hook. Please use only one of them."
        )


def register_module_backward_hook(hook: Callable) -> RemovableHandle:
    """The old backward hook for every module; use `register_module_full_backward_hook`."""
    _choose_global_backward_kind(full=False)
    return add_hook(global_backward, hook)


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, grad_output)` before the gradients of every module."""
    return add_hook(global_backward_pre, hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """Run `hook(module, grad_input, grad_output)` at the gradients of every module."""
    _choose_global_backward_kind(full=True)
    return add_hook(global_backward, hook)


# ---------------------------------------------------------------- calling
def call(self, *args: Any, **kwargs: Any) -> Any:
    """Run `forward`, with whatever hooks there are around it."""
    if (
        self._backward_hooks
        or self._forward_hooks
        or self._forward_pre_hooks
        or self._backward_pre_hooks
        or global_forward_pre
        or global_forward
        or global_backward_pre
        or global_backward
    ):
        return _call_with_hooks(self, args, kwargs)
    return self.forward(*args, **kwargs)


def _call_with_hooks(module: Any, args: tuple, kwargs: dict) -> Any:
    ran: set[int] = set()
    try:
        return _run(module, args, kwargs, ran)
    except Exception:
        for key, hook, with_kwargs, always in _forward_hooks(module):
            if not always or key in ran:
                continue
            try:
                hook(module, args, kwargs, None) if with_kwargs else hook(module, args, None)
            except Exception as error:
                where = (
                    "module forward hook"
                    if key in module._forward_hooks
                    else "global module forward hook"
                )
                warnings.warn(
                    f"{where} with ``always_call=True`` raised an exception that was silenced as "
                    f"another error was raised in forward: {error}",
                    stacklevel=2,
                )
        raise


def _run(module: Any, args: tuple, kwargs: dict, ran: set[int]) -> Any:
    """Pre-hooks, forward, hooks; `ran` collects those that need not run again after an error."""
    full, old = module._get_backward_hooks()
    pre = module._get_backward_pre_hooks()
    args, kwargs = _run_pre_hooks(module, args, kwargs)
    around = BackwardHook(module, full, pre) if full or pre else None
    if around:
        args = around.setup_input_hook(args)
    result = module.forward(*args, **kwargs)
    for key, hook, with_kwargs, always in _forward_hooks(module):
        if always:
            ran.add(key)
        replaced = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
        if replaced is not None:
            result = replaced
    if around:
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}",
                stacklevel=2,
            )
        result = around.setup_output_hook(result)
    if old:
        _hook_last_operation(module, old, result)
    return result


def _forward_hooks(module: Any) -> list[tuple[int, Callable, bool, bool]]:
    """(number, hook, with_kwargs, always_call) of each, global ones first."""
    rows = [
        (key, hook, key in global_forward_with_kwargs, key in global_forward_always)
        for key, hook in global_forward.items()
    ]
    rows += [
        (key, hook, key in module._forward_hooks_with_kwargs,
         key in module._forward_hooks_always_called)
        for key, hook in module._forward_hooks.items()
    ]  # fmt: skip
    return rows


def _run_pre_hooks(module: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    for key, hook in [*global_forward_pre.items(), *module._forward_pre_hooks.items()]:
        if key in module._forward_pre_hooks_with_kwargs:
            replaced = hook(module, args, kwargs)
            if replaced is None:
                continue
            if not (isinstance(replaced, tuple) and len(replaced) == 2):
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                    f"but got {replaced}."
                )
            args, kwargs = replaced
        else:
            replaced = hook(module, args)
            if replaced is not None:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
    return args, kwargs


def _get_backward_hooks(self) -> tuple[list[Callable], list[Callable]]:
    """The full backward hooks and the old ones that apply to this module."""
    if not self._backward_hooks and not global_backward:
        return [], []
    full: list[Callable] = []
    old: list[Callable] = []
    (full if _global_backward_kind.get("full") else old).extend(global_backward.values())
    (full if self._is_full_backward_hook else old).extend(self._backward_hooks.values())
    return full, old


def _get_backward_pre_hooks(self) -> list[Callable]:
    """The backward pre-hooks that apply to this module, global ones first."""
    return [*global_backward_pre.values(), *self._backward_pre_hooks.values()]


def _hook_last_operation(module: Any, old: list[Callable], result: Any) -> None:
    """Old backward hooks sit on the operation that made the (first) output."""
    found = result
    while not isinstance(found, Tensor):
        found = next(iter(found.values())) if isinstance(found, dict) else found[0]
    grad_fn = found.grad_fn
    if grad_fn is None:
        return
    for hook in old:
        grad_fn.register_hook(lambda gi, go, hook=hook: hook(module, gi, go))
    warnings.warn(
        "Using a non-full backward hook when the forward contains multiple autograd Nodes is "
        "deprecated and will be removed in future versions. This hook will be missing some "
        "grad_input. Please use register_full_backward_hook to get the documented behavior.",
        FutureWarning,
        stacklevel=4,
    )


# ---------------------------------------------------------------- backward hooks
class BackwardHookFunction(Function):
    """The identity on several tensors, a place in the graph for hooks to sit."""

    @staticmethod
    def forward(ctx, *args):
        ctx.mark_non_differentiable(*[a for a in args if not a.requires_grad])
        return args

    @staticmethod
    def backward(ctx, *args):
        return args


class BackwardHook:
    """The full backward hooks of one call of a module: what passes its inputs and outputs."""

    def __init__(self, module: Any, user_hooks: list, user_pre_hooks: list) -> None:
        self.module = module
        self.user_hooks, self.user_pre_hooks = user_hooks, user_pre_hooks
        self.grad_outputs: tuple | None = None
        self.n_inputs = self.n_outputs = -1
        self.input_index: list[int] | None = None
        self.output_index: list[int] | None = None

    def setup_input_hook(self, args: tuple) -> tuple:
        """The arguments, those that are tensors passed through a node that watches gradients."""

        def watch(grad_fn):
            grad_fn.register_hook(self._inputs_done)

        self.n_inputs = len(args)
        args, self.input_index = _through(args, watch)
        return args

    def setup_output_hook(self, result: Any) -> Any:
        """The outputs, likewise."""

        def watch(grad_fn):
            grad_fn.register_prehook(self._outputs_known)

        single = not isinstance(result, tuple)
        outputs = (result,) if single else result
        self.n_outputs = len(outputs)
        outputs, self.output_index = _through(outputs, watch)
        return outputs[0] if single else outputs

    def _outputs_known(self, grads: tuple) -> tuple | None:
        """Gradients of the outputs arrive: run pre-hooks, and hooks too if no input needs any."""
        self.grad_outputs = _spread(self.output_index, grads, self.n_outputs)
        for hook in self.user_pre_hooks:
            replaced = hook(self.module, self.grad_outputs)
            if replaced is None:
                continue
            replaced = replaced if isinstance(replaced, tuple) else (replaced,)
            if len(replaced) != len(self.grad_outputs):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(replaced)}, but expected {len(self.grad_outputs)}"
                )
            self.grad_outputs = replaced
        local = self.grad_outputs
        if self.input_index is None:
            self._fire_without_inputs()
        if local is not None and self.output_index is not None:
            return tuple(local[i] for i in self.output_index)
        return None

    def _fire_without_inputs(self) -> None:
        if self.user_hooks:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module "
                "outputs since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module"
                ".register_full_backward_hook for more details.",
                stacklevel=5,
            )
        grad_inputs = (None,) * self.n_inputs
        for hook in self.user_hooks:
            returned = hook(self.module, grad_inputs, self.grad_outputs)
            nothing = isinstance(returned, tuple) and all(r is None for r in returned)
            if returned is not None and not nothing:
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None

    def _inputs_done(self, grads: tuple, _: tuple) -> tuple | None:
        """Gradients of the inputs are known: run the hooks, which may replace them."""
        if self.grad_outputs is None:
            return None
        grad_inputs = _spread(self.input_index, grads, self.n_inputs)
        for hook in self.user_hooks:
            replaced = hook(self.module, grad_inputs, self.grad_outputs)
            if replaced is None:
                continue
            replaced = replaced if isinstance(replaced, tuple) else (replaced,)
            if len(replaced) != len(grad_inputs):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(replaced)}, but expected {len(grad_inputs)}"
                )
            grad_inputs = replaced
        self.grad_outputs = None
        return tuple(grad_inputs[i] for i in self.input_index or ())


def _through(values: tuple, watch: Callable) -> tuple[tuple, list[int] | None]:
    """`values` with its tensors passed through the identity; the places of those tensors.

    The places are None when no tensor among them needs a gradient.
    """
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not (is_grad_enabled() and any(values[i].requires_grad for i in places)):
        return values, None
    passed = BackwardHookFunction.apply(*(values[i] for i in places))
    watch(next(t.grad_fn for t in passed if t.grad_fn is not None))
    out = list(values)
    for i, t in zip(places, passed):
        out[i] = t
    kind = type(values)
    return (kind(out) if kind is tuple or not hasattr(kind, "_make") else kind(*out)), places


def _spread(places: list[int] | None, grads: tuple, total: int) -> tuple:
    """Gradients at the places of their tensors, None elsewhere."""
    out: list[Any] = [None] * total
    for i, grad in zip(places or (), grads):
        out[i] = grad
    return tuple(out)
