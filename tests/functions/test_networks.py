"""What functions of networks print, and how they fail, against the answers in networks.json."""

import json
import warnings
from pathlib import Path

import pytest

import taper

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "networks.json").read_text())


def describe(expression):
    names = {"torch": taper}
    for name, text in GOLDEN["setup"].items():
        names[name] = eval(text, names)
    taper.manual_seed(0)
    try:
        return repr(eval(expression, names))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


@pytest.mark.parametrize("backend", ["reference", "llvm"])
@pytest.mark.parametrize("family", GOLDEN["families"])
def test_family(family, backend):
    wanted = GOLDEN["families"][family]
    with warnings.catch_warnings(), taper.settings(backend=backend):
        warnings.simplefilter("ignore")
        found = {expression: describe(expression) for expression in wanted}
    assert len(wanted) > 10
    assert {e: f for e, f in found.items() if f != wanted[e]} == {}
