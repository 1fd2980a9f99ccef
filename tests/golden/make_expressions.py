"""Writes expressions.json: what PyTorch prints for the expressions in expressions.txt.

Run it where PyTorch is installed: `python tests/golden/make_expressions.py`. The tests evaluate
the same expressions with Taper and compare the text, or the type and first line of the exception.
"""

import json
import warnings
from pathlib import Path

SETUP = {
    "x": "torch.tensor([0.5, -1.25, 2.0])",
    "y": "torch.tensor([[1.0, 2.0, 3.0], [3.0, -2.0, 0.25]])",
    "g": "torch.tensor([0.5, 1.25, 2.0], requires_grad=True)",
    "d": "torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64)",
    "h": "torch.tensor([0.5, -1.25, 2.0], dtype=torch.bfloat16)",
    "i": "torch.tensor([3, -4, 7])",
    "s": "torch.tensor([3, -4, 7], dtype=torch.int16)",
    "u": "torch.tensor([3, 200, 7], dtype=torch.uint8)",
    "b": "torch.tensor([True, False, True])",
    "c": "torch.tensor([1 + 2j, -3j, 0.5])",
    "n": "torch.tensor([1.0, float('nan'), float('inf'), -float('inf'), -0.0])",
    "z": "torch.tensor(2.0)",
    "e": "torch.zeros(0, 3)",
}


def families(text):
    """The expressions of each [family]."""
    found = {}
    for line in text.splitlines():
        if line.startswith("["):
            current = found[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            current.append(line)
    return found


def describe(torch, expression):
    """What the expression prints, or how it fails."""
    names = {name: eval(text, {"torch": torch}) for name, text in SETUP.items()}
    try:
        return repr(eval(expression, {"torch": torch, **names}))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


if __name__ == "__main__":
    import torch

    warnings.simplefilter("ignore")
    here = Path(__file__)
    listed = families(here.with_name("expressions.txt").read_text())
    golden = {family: {e: describe(torch, e) for e in lines} for family, lines in listed.items()}
    target = here.with_name("expressions.json")
    target.write_text(json.dumps({"setup": SETUP, "families": golden}, indent=1) + "\n")
    print(sum(map(len, golden.values())), "expressions")
