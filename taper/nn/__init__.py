"""Networks: modules, parameters, losses, initial values, and the functions they are made of."""

from . import attention, functional, grad, init, modules, parallel, parameter, utils
from .modules import *
from .parallel import DataParallel
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter


def factory_kwargs(kwargs: dict) -> dict:
    """`device`, `dtype` and `memory_format` out of `kwargs` and its "factory_kwargs" entry."""
    known = ("device", "dtype", "memory_format")
    given = dict(kwargs)
    nested = given.pop("factory_kwargs", {})
    if given.keys() - set(known):
        raise TypeError(f"unexpected kwargs {given.keys()}")
    twice = given.keys() & nested.keys()
    if twice:
        raise TypeError(f"{twice.pop()} specified twice, in kwargs and in factory_kwargs")
    return {**nested, **given}


__all__ = [
    "Buffer",
    "DataParallel",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "attention",
    "factory_kwargs",
    "functional",
    "grad",
    "init",
    "modules",
    "parallel",
    "parameter",
    "utils",
    *modules.__all__,
]
