"""How a module is saved and restored: state_dict, load_state_dict, extra state, and their hooks."""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from ...modes import no_grad
from ...tensor import Tensor
from ..parameter import Parameter, is_lazy
from .hooks import RemovableHandle, add_hook

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"
_BUG_URL = "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` found missing and left over."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, "
            f"unexpected_keys={self.unexpected_keys!r})"
        )

    __str__ = __repr__


class _WrappedHook:
    """A load-state-dict pre-hook, given its module as first argument unless that is None."""

    def __init__(self, hook: Callable, module: Any = None) -> None:
        self.hook, self.module = hook, module

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        first = () if self.module is None else (self.module,)
        return self.hook(*first, *args, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        held = {"hook": self.hook, "with_module": self.module is not None}
        return held if self.module is None else {**held, "module": self.module}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.hook, self.module = state["hook"], state.get("module")


def get_extra_state(self) -> Any:
    """Override to store more than tensors in the state dict; the result must be picklable."""
    raise _unreachable("get")


def set_extra_state(self, state: Any) -> None:
    """Override to take back what `get_extra_state` returned."""
    raise _unreachable("set")


def _unreachable(which: str) -> RuntimeError:
    return RuntimeError(
        f"Reached a code path in Module.{which}_extra_state() that should never be called. "
        f"Please file an issue at {_BUG_URL} to report this bug."
    )


# ---------------------------------------------------------------- saving
def _persistent_buffers(module) -> list[tuple[str, Tensor | None]]:
    skipped = module._non_persistent_buffers_set
    return [(name, buf) for name, buf in module._buffers.items() if name not in skipped]


def _with_metadata(state: Any, metadata: Any) -> Any:
    state._metadata = metadata
    return state


def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
    """Put this module's own parameters, persistent buffers and extra state into `destination`."""
    for name, value in [*self._parameters.items(), *_persistent_buffers(self)]:
        if value is not None:
            destination[prefix + name] = value if keep_vars else value.detach()
    if type(self).get_extra_state is not get_extra_state:
        destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()


def state_dict(
    self, *args: Any, destination: dict | None = None, prefix: str = "", keep_vars: bool = False
) -> dict[str, Any]:
    """Every parameter and persistent buffer by dotted name, sharing memory with the module.

    Values are detached unless `keep_vars`. The result's `_metadata` holds each module's version.
    """
    if args:
        warnings.warn(
            "Positional args are being deprecated, use kwargs instead. Refer to "
            "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict"
            " for details.",
            FutureWarning,
            stacklevel=2,
        )
        given = dict(zip(("destination", "prefix", "keep_vars"), args))
        destination = given.get("destination") if destination is None else destination
        prefix = given.get("prefix", prefix) if prefix == "" else prefix
        keep_vars = given.get("keep_vars", keep_vars) if keep_vars is False else keep_vars
    if destination is None:
        destination = _with_metadata(OrderedDict(), OrderedDict())
    local_metadata = {"version": self._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = local_metadata
    for hook in self._state_dict_pre_hooks.values():
        hook(self, prefix, keep_vars)
    self._save_to_state_dict(destination, prefix, keep_vars)
    for name, module in self._modules.items():
        if module is not None:
            module.state_dict(
                destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars
            )
    for hook in self._state_dict_hooks.values():
        replaced = hook(self, destination, prefix, local_metadata)
        if replaced is None:
            continue
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError("state_dict post-hook must return None")
        destination = replaced
    return destination


# ---------------------------------------------------------------- loading
def _load_from_state_dict(
    self, state_dict: dict, prefix: str, local_metadata: dict, strict: bool,
    missing_keys: list[str], unexpected_keys: list[str], error_msgs: list[str],
) -> None:  # fmt: skip
    """Take this module's own entries out of `state_dict`; what goes wrong is added to the lists."""
    for hook in self._load_state_dict_pre_hooks.values():
        hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
    assign = local_metadata.get("assign_to_params_buffers", False)
    local = [*self._parameters.items(), *_persistent_buffers(self)]
    local_state = {name: value for name, value in local if value is not None}
    for name, param in local_state.items():
        key = prefix + name
        if key in state_dict:
            _load_one(self, name, param, key, state_dict[key], assign, error_msgs)
        elif strict:
            missing_keys.append(key)
    extra = prefix + _EXTRA_STATE_KEY_SUFFIX
    if type(self).set_extra_state is not set_extra_state:
        if extra in state_dict:
            self.set_extra_state(state_dict[extra])
        elif strict:
            missing_keys.append(extra)
    elif strict and extra in state_dict:
        unexpected_keys.append(extra)
    if not strict:
        return
    for key in state_dict:
        if key.startswith(prefix) and key != extra:
            name, *below = key[len(prefix) :].split(".", 1)
            if name not in (self._modules if below else local_state):
                unexpected_keys.append(key)


def _load_one(
    module, name: str, param: Tensor, key: str, value: Any, assign: bool, error_msgs: list[str]
) -> None:
    """Copy one value into the parameter or buffer `name`, or put it in its place."""
    if not isinstance(value, Tensor):
        error_msgs.append(
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
            f"object from checkpoint but received {type(value)}"
        )
        return
    lazy = is_lazy(param)
    if not lazy and len(param.shape) == 0 and len(value.shape) == 1:
        value = value[0]  # how versions before 0.4 stored single numbers
    if not lazy and value.shape != param.shape:
        error_msgs.append(
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
            f"the shape in current model is {param.shape}."
        )
        return
    if param.is_meta and not value.is_meta and not assign:
        warnings.warn(
            f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter "
            "in the current model, which is a no-op. (Did you mean to pass `assign=True` to assign "
            "items in the state dictionary to their corresponding key in the module instead of "
            "copying them in place?)",
            stacklevel=2,
        )
    try:
        with no_grad():
            if not assign:
                param.copy_(value)
            elif isinstance(param, Parameter) and not isinstance(value, Parameter):
                setattr(module, name, Parameter(value, requires_grad=param.requires_grad))
            else:
                if isinstance(param, Parameter):
                    value.requires_grad_(param.requires_grad)
                setattr(module, name, value)
    except Exception as error:
        action = "swapping" if assign else "copying"
        error_msgs.append(
            f'While {action} the parameter named "{key}", whose dimensions in the model are '
            f"{param.size()} and whose dimensions in the checkpoint are {value.size()}, an "
            f"exception occurred : {error.args}."
        )


def _load_tree(
    module, local: dict, metadata: Any, assign: bool, prefix: str, found: tuple[list, list, list]
) -> None:
    """Load `module` and everything below it, then run its post-hooks."""
    missing, unexpected, errors = found
    local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
    if assign:
        local_metadata["assign_to_params_buffers"] = assign
    module._load_from_state_dict(local, prefix, local_metadata, True, missing, unexpected, errors)
    for name, child in module._modules.items():
        if child is not None:
            below = prefix + name + "."
            part = {key: value for key, value in local.items() if key.startswith(below)}
            _load_tree(child, part, metadata, assign, below, found)
    keys = _IncompatibleKeys(missing, unexpected)
    for hook in module._load_state_dict_post_hooks.values():
        if hook(module, keys) is not None:
            raise AssertionError(
                "Hooks registered with ``register_load_state_dict_post_hook`` are not"
                "expected to return new values, if incompatible_keys need to be modified,"
                "it should be done inplace."
            )


def load_state_dict(
    self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
) -> _IncompatibleKeys:
    """Copy values by name into this module and those below it.

    `strict`: names missing or left over are an error; shapes that differ always are (RuntimeError).
    `assign`: the given tensors take the places of the module's, instead of being copied into them.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    found: tuple[list, list, list] = ([], [], [])
    missing, unexpected, errors = found
    metadata = getattr(state_dict, "_metadata", None)
    local = OrderedDict(state_dict)
    if metadata is not None:
        _with_metadata(local, metadata)
    _load_tree(self, local, metadata, assign, "", found)
    if strict:
        for what, keys in (("Unexpected", unexpected), ("Missing", missing)):
            if keys:
                named = ", ".join(f'"{key}"' for key in keys)
                errors.insert(0, f"{what} key(s) in state_dict: {named}. ")
    if errors:
        name = type(self).__name__
        raise RuntimeError(f"Error(s) in loading state_dict for {name}:\n\t" + "\n\t".join(errors))
    return _IncompatibleKeys(missing, unexpected)


# ---------------------------------------------------------------- hooks
def _register_state_dict_hook(self, hook: Callable) -> RemovableHandle:
    """Run `hook(module, state_dict, prefix, local_metadata)` last; it may return another dict."""
    if getattr(hook, "_from_public_api", False):
        raise RuntimeError(
            "Cannot register the same function as the state dict post hook that was previously "
            "registered via register_state_dict_post_hook"
        )
    return add_hook(self._state_dict_hooks, hook)


def register_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
    """Run `hook(module, state_dict, prefix, local_metadata)` last; it changes the dict in place."""
    hook._from_public_api = True
    return add_hook(self._state_dict_hooks, hook)


def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
    """Run `hook(module, prefix, keep_vars)` before the state dict is made."""
    return add_hook(self._state_dict_pre_hooks, hook)


def _register_load_state_dict_pre_hook(
    self, hook: Callable, with_module: bool = False
) -> RemovableHandle:
    wrapped = _WrappedHook(hook, self if with_module else None)
    return add_hook(self._load_state_dict_pre_hooks, wrapped)


def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
    """Run `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
    error_msgs)` before this module's entries are loaded."""
    return self._register_load_state_dict_pre_hook(hook, with_module=True)


def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
    """Run `hook(module, incompatible_keys)` after this module is loaded."""
    return add_hook(self._load_state_dict_post_hooks, hook)
