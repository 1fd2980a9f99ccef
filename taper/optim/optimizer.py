"""The Optimizer base class: parameter groups, per-parameter state, hooks, and state dictionaries.

`Optimizer` knows nothing of any update rule, so it serves programs that bring a rule of their own:
they override `step`. The rules that come with Taper derive from `TensorOptimizer`, which adds the
loop over parameters.
"""

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from ..modes import no_grad
from ..nn.modules.hooks import RemovableHandle, add_hook
from ..nn.modules.utils import typename
from ..tape import tape
from ..tensor import Tensor

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "required",
]

StepPreHook = Callable[["Optimizer", tuple, dict], "tuple[tuple, dict] | None"]
StepPostHook = Callable[["Optimizer", tuple, dict], None]

_global_step_pre_hooks: "OrderedDict[int, StepPreHook]" = OrderedDict()
_global_step_post_hooks: "OrderedDict[int, StepPostHook]" = OrderedDict()


class _RequiredParameter:
    """The type of `required`."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()
"""Stands as a default for an option that every parameter group has to give."""

_HOOK_TABLES = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)


def register_optimizer_step_pre_hook(hook: StepPreHook) -> RemovableHandle:
    """Have `hook(optimizer, args, kwargs)` run before `step` of every optimizer."""
    return add_hook(_global_step_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: StepPostHook) -> RemovableHandle:
    """Have `hook(optimizer, args, kwargs)` run after `step` of every optimizer."""
    return add_hook(_global_step_post_hooks, hook)


def _with_step_hooks(step: Callable) -> Callable:
    """Surround a class's `step` with the step hooks, and have the new values computed after it.

    Without the latter a loop that never looks at a value would record steps without end. A `step`
    called from another one runs plainly.
    """

    @functools.wraps(step)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        self = args[0]
        if self.__dict__.get("_inside_step"):
            return step(*args, **kwargs)
        self._inside_step = True
        try:
            for pre in [*_global_step_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()]:
                result = pre(self, args, kwargs)
                if result is None:
                    continue
                if not (isinstance(result, tuple) and len(result) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {result}."
                    )
                args, kwargs = result
            out = step(*args, **kwargs)
            tape.flush()
            for post in [
                *self._optimizer_step_post_hooks.values(),
                *_global_step_post_hooks.values(),
            ]:
                post(self, args, kwargs)
            return out
        finally:
            del self._inside_step

    hooked.hooked = True  # type: ignore[attr-defined]
    return hooked


class Optimizer:
    """Holds what every optimizer has: `param_groups`, `state`, `defaults`.

    Args:
        params: tensors, `(name, tensor)` pairs, or dictionaries (parameter groups) with the key
            `"params"` and options of their own.
        defaults: the options for groups that do not give them.

    Raises TypeError for a single tensor, a set, or things that are no tensors; ValueError for no
    parameters at all, a parameter that is not a leaf, or one that appears in two groups.
    """

    _optimizer_step_pre_hooks: "OrderedDict[int, StepPreHook]"
    _optimizer_step_post_hooks: "OrderedDict[int, StepPostHook]"
    _optimizer_state_dict_pre_hooks: "OrderedDict[int, Callable]"
    _optimizer_state_dict_post_hooks: "OrderedDict[int, Callable]"
    _optimizer_load_state_dict_pre_hooks: "OrderedDict[int, Callable]"
    _optimizer_load_state_dict_post_hooks: "OrderedDict[int, Callable]"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        step = cls.__dict__.get("step")
        if step is not None and not getattr(step, "hooked", False):
            cls.step = _with_step_hooks(step)  # type: ignore[method-assign]

    def __init__(self, params: Iterable, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        for name in _HOOK_TABLES:
            setattr(self, name, OrderedDict())
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be "
                "an iterable of Tensors or dicts, but got " + typename(params)
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if len(groups) == 0:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in _HOOK_TABLES:
            self.__dict__.setdefault(name, OrderedDict())
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
            if i + 1 < len(self.param_groups):
                lines.append("")
        return "\n".join(lines) + "\n)"

    # ------------------------------------------------------------------------------- hooks
    def register_step_pre_hook(self, hook: StepPreHook) -> RemovableHandle:
        """Have `hook(optimizer, args, kwargs)` run before `step`; it may return new ones."""
        return add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: StepPostHook) -> RemovableHandle:
        """Have `hook(optimizer, args, kwargs)` run after `step`."""
        return add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[["Optimizer"], None], prepend: bool = False
    ) -> RemovableHandle:
        """Have `hook(optimizer)` run before `state_dict` gathers anything."""
        return add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[["Optimizer", dict], "dict | None"], prepend: bool = False
    ) -> RemovableHandle:
        """Have `hook(optimizer, state_dict)` change or replace what `state_dict` returns."""
        return add_hook(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[["Optimizer", dict], "dict | None"], prepend: bool = False
    ) -> RemovableHandle:
        """Have `hook(optimizer, state_dict)` change or replace what is going to be loaded."""
        return add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[["Optimizer"], None], prepend: bool = False
    ) -> RemovableHandle:
        """Have `hook(optimizer)` run after `load_state_dict`."""
        return add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    # ------------------------------------------------------------------------------- state
    def state_dict(self) -> dict[str, Any]:
        """The state and the options, with parameters replaced by their numbers.

        Returns `{"state": {number: {...}}, "param_groups": [{..., "params": [numbers]}]}`. The
        tensors in it are the optimizer's own, not copies.
        """
        for pre in list(self._optimizer_state_dict_pre_hooks.values()):
            pre(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
        out = {
            "state": {
                numbers[id(key)] if isinstance(key, Tensor) else key: value
                for key, value in self.state.items()
            },
            "param_groups": groups,
        }
        for post in list(self._optimizer_state_dict_post_hooks.values()):
            changed = post(self, out)
            if changed is not None:
                out = changed
        return out

    @no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over state and options from what `state_dict` returned, PyTorch's included.

        State tensors take the dtype and the device of their parameter, except `"step"`. Raises
        ValueError when the groups do not match in number or size.
        """
        state_dict = state_dict.copy()
        for pre in list(self._optimizer_load_state_dict_pre_hooks.values()):
            changed = pre(self, state_dict)
            if changed is not None:
                state_dict = changed
        groups, saved = self.param_groups, deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(groups, saved, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group "
                "that doesn't match the size of optimizer's group"
            )
        owner = dict(
            zip(
                chain.from_iterable(group["params"] for group in saved),
                chain.from_iterable(group["params"] for group in groups),
                strict=True,
            )
        )
        state: defaultdict[Any, Any] = defaultdict(dict)
        for number, value in state_dict["state"].items():
            if number in owner:
                state[owner[number]] = _fit(value, owner[number])
            else:
                state[number] = value
        for group, new in zip(groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group and "param_names" not in new:
                new["param_names"] = group["param_names"]
        self.__setstate__({"state": state, "param_groups": saved})
        for post in list(self._optimizer_load_state_dict_post_hooks.values()):
            post(self)

    # -------------------------------------------------------------------------- parameters
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero if not `set_to_none`."""
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                    continue
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once; each optimizer brings its own."""
        raise NotImplementedError

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with options of its own (layers that begin to train)."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the "
                "ordering of tensors in sets will change between runs. Please use a list instead."
            )
        param_group["params"] = list(params)
        _split_names(param_group)
        for p in param_group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is " + typename(p)
                )
            if not self.defaults.get("differentiable") and not (p.is_leaf or p.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization "
                    f"parameter {name}"
                )
            param_group.setdefault(name, default)
        self._refuse_repeated(param_group)
        self.param_groups.append(param_group)

    def _refuse_repeated(self, param_group: dict[str, Any]) -> None:
        mine = {id(p) for p in param_group["params"]}
        if len(mine) != len(param_group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=4,
            )
        named = "param_names" in param_group
        for group in self.param_groups:
            if ("param_names" in group) != named:
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param "
                    f"group {'with' if named else 'without'} names to the optimizer"
                )
        taken = {id(p) for group in self.param_groups for p in group["params"]}
        if not taken.isdisjoint(mine):
            raise ValueError("some parameters appear in more than one parameter group")


def _split_names(group: dict[str, Any]) -> None:
    """Turn `(name, parameter)` pairs into two lists, `"params"` and `"param_names"`."""
    named = [p for p in group["params"] if isinstance(p, tuple)]
    if not named:
        return
    if len(named) != len(group["params"]):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    group["params"] = [p for _, p in named]
    group["param_names"] = [name for name, _ in named]


def _fit(value: Any, param: Tensor, key: Any = None) -> Any:
    """A loaded state entry, with every tensor in it cast to the parameter's dtype and device."""
    if isinstance(value, Tensor):
        if key == "step":
            return value
        if param.is_floating_point():
            return value.to(dtype=param.dtype, device=param.device)
        return value.to(device=param.device)
    if isinstance(value, dict):
        return {k: _fit(v, param, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return type(value)(_fit(v, param) for v in value)  # type: ignore[call-arg]
    return value
