"""Writes networks.json: what PyTorch prints for the expressions in networks.txt.

Run it where PyTorch is installed: `python tests/golden/make_networks.py`. Every expression is
evaluated behind `torch.manual_seed(0)`, so that random functions give the same numbers too.
"""

import json
import warnings
from pathlib import Path

from make_expressions import families

SETUP = {
    "F": "torch.nn.functional",
    "grad": "torch.autograd.grad",
    "x": "torch.tensor([-3.0, -1.25, -0.5, 0.0, 0.5, 2.0, 7.0])",
    "g": "torch.tensor([[0.5, -1.25, 2.0], [3.0, 0.25, -2.0]], requires_grad=True)",
    "y": "torch.tensor([[1.0, 0.25, 0.0], [0.5, 0.75, 1.0]])",
    "p": "torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])",
    "t": "torch.tensor([2, 0])",
    "i": "torch.tensor([[0, 2, 1], [1, 1, 3]])",
    "w": "torch.arange(12.0).reshape(4, 3) / 4 - 1",
    "r": "torch.arange(24.0).reshape(2, 4, 3).sin()",
    "v": "torch.tensor([1.0, 0.5, 2.0])",
    "l": "torch.arange(6).reshape(2, 3)",
    "b": "torch.tensor([[True, False, True], [False, True, True]])",
    "h": "torch.tensor([0.5, -1.25, 2.0], dtype=torch.bfloat16)",
    "c": "torch.tensor([1 + 2j, -3j, 0.5])",
    "e": "torch.zeros(0, 3)",
}


def describe(torch, expression):
    """What the expression prints, or how it fails."""
    names = {"torch": torch}
    for name, text in SETUP.items():
        names[name] = eval(text, names)
    torch.manual_seed(0)
    try:
        return repr(eval(expression, names))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


if __name__ == "__main__":
    import torch

    warnings.simplefilter("ignore")
    here = Path(__file__)
    listed = families(here.with_name("networks.txt").read_text())
    golden = {family: {e: describe(torch, e) for e in lines} for family, lines in listed.items()}
    target = here.with_name("networks.json")
    target.write_text(json.dumps({"setup": SETUP, "families": golden}, indent=1) + "\n")
    print(sum(map(len, golden.values())), "expressions")
