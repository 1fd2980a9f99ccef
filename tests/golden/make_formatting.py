"""Writes formatting.json: arrays, options, and the text PyTorch prints for them.

python tests/golden/make_formatting.py        (needs torch==2.13.0; run by hand)
"""

import base64
import json
import math
from pathlib import Path

import torch

HERE = Path(__file__).parent
ROW = [0.5, -1.25, 3.0, 100.0]
ODD = [0.0, -0.0, math.nan, math.inf, -math.inf, 1.5]
FLOATS = ("float32", "float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
INTEGERS = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "bool")


def arrays():
    """(name, tensor) pairs: every dtype, and shapes and magnitudes that change the notation."""
    torch.manual_seed(0)
    for dtype in FLOATS:
        yield f"{dtype} row", torch.tensor(ROW).to(getattr(torch, dtype))
        yield f"{dtype} odd", torch.tensor(ODD).to(getattr(torch, dtype))
    for dtype in INTEGERS:
        yield f"{dtype} table", torch.tensor([[0, 1, 100], [7, 3, 0]]).to(getattr(torch, dtype))
    for dtype in ("complex64", "complex128"):
        yield (
            f"{dtype} row",
            torch.tensor([1.5 - 2j, 0.25 + 3j, complex(-0.0, -0.0)]).to(getattr(torch, dtype)),
        )
        yield f"{dtype} wide", torch.randn(40, dtype=getattr(torch, dtype))
    for value in (0.0, -0.0, 1.0, 2.5, 1e-5, 12345.678, 1e9, math.nan, math.inf, 7, True, 1 - 1j):
        yield f"scalar {value}", torch.tensor(value)
    for values in ([1, 10, 1001.0], [0.001, 1.0], [0.001, 1.5], [1e-4, 0.05], [1e-5, 0.005], [1e8]):
        yield f"magnitudes {values}", torch.tensor(values, dtype=torch.float32)
    yield "magnitudes 64", torch.tensor([1e100, 1e-300, -1.0], dtype=torch.float64)
    for shape in ((3, 4), (2, 3, 2), (2, 1, 2, 2), (25,), (2, 25), (1, 1), (1000,), (1001,)):
        yield f"shape {shape}", torch.randn(shape)
    for shape in ((1001, 2), (2, 1001), (9, 9, 20), (3, 2, 8, 30), (30, 30)):
        yield f"large {shape}", torch.arange(math.prod(shape)).reshape(shape)
        yield f"large float {shape}", torch.linspace(-3, 40, math.prod(shape)).reshape(shape)
    for shape in ((0,), (0, 3), (2, 0, 4)):
        for dtype in (torch.float32, torch.int64, torch.bool, torch.float64):
            yield f"empty {shape} {dtype}", torch.zeros(shape, dtype=dtype)


def case(name, tensor, options=None, default="torch.float32", grad=None):
    """One golden case; `grad` is "leaf" or "clone" for a tensor that requires a gradient."""
    raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
    shown = tensor
    if grad:
        shown = tensor.clone().requires_grad_()
        shown = shown.clone() if grad == "clone" else shown
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**(options or {}))
    torch.set_default_dtype(getattr(torch, default.removeprefix("torch.")))
    text = repr(shown)
    torch.set_default_dtype(torch.float32)
    return {
        "name": name,
        "dtype": str(tensor.dtype),
        "shape": list(tensor.shape),
        "data": base64.b64encode(raw).decode(),
        "options": options or {},
        "default_dtype": default,
        "requires_grad": grad is not None,
        "grad_fn_name": "CloneBackward0" if grad == "clone" else None,
        "text": text,
    }


def cases():
    """Every array as it is, then a few under each option, default dtype and kind of gradient."""
    table = dict(arrays())
    for name, tensor in table.items():
        yield case(name, tensor)
    varied = (
        {"precision": 2},
        {"precision": 0},
        {"profile": "short"},
        {"profile": "full", "linewidth": 120},
        {"threshold": 10, "edgeitems": 1},
        {"threshold": 10, "edgeitems": 0},
        {"linewidth": 30},
        {"sci_mode": True},
        {"sci_mode": False},
    )
    chosen = ("shape (2, 3, 2)", "shape (2, 25)", "magnitudes 64", "float16 odd", "int64 table")
    for options in varied:
        for name in chosen:
            yield case(f"{name} {options}", table[name], options)
    for default in ("torch.float64", "torch.float16"):
        for name in (
            "float32 row",
            "float64 row",
            "complex64 row",
            "complex128 row",
            "int32 table",
        ):
            yield case(f"{name} default {default}", table[name], default=default)
    for grad in ("leaf", "clone"):
        for name in ("float32 row", "float64 odd", "shape (25,)", "complex64 wide", "scalar 2.5"):
            yield case(f"{name} {grad}", table[name], grad=grad)


if __name__ == "__main__":
    rows = ",\n".join(json.dumps(row) for row in cases())
    (HERE / "formatting.json").write_text(f"[\n{rows}\n]\n")
