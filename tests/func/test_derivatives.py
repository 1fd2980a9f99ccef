"""Derivatives as functions, nested and over containers."""

import pytest

import taper as torch
from taper.func import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp

t = torch.tensor


def test_grad():
    assert grad(lambda x: x**3)(t(2.0)).item() == 12.0
    assert grad(grad(lambda x: x**3))(t(2.0)).item() == 12.0
    assert grad(grad(grad(lambda x: x**5)))(t(2.0)).item() == 240.0
    a, b = grad(lambda x, y: x * x * y, argnums=(0, 1))(t(2.0), t(5.0))
    assert (a.item(), b.item()) == (20.0, 4.0)
    assert grad(lambda p: p["a"] ** 2 + p["b"][0])({"a": t(3.0), "b": [t(1.0)]})["a"].item() == 6.0
    slope, (value, aux) = grad_and_value(lambda x: (x * x, "aux"), has_aux=True)(t(3.0))
    assert (slope.item(), value.item(), aux) == (6.0, 9.0, "aux")


def test_results_keep_a_graph_only_for_variables_outside():
    w = torch.ones(2, requires_grad=True)
    assert not grad(lambda x: (x * x).sum())(t([1.0, 2.0])).requires_grad
    found = grad(lambda x: (x * x * w).sum())(t([1.0, 2.0]))
    found.sum().backward()
    assert w.grad.tolist() == [2.0, 4.0]
    x = t(2.0, requires_grad=True)
    assert torch.autograd.grad(grad(lambda y: y**3)(x), x)[0].item() == 12.0
    assert x.grad is None


def test_products_with_the_jacobian():
    out, pull = vjp(lambda x, y: (2 * x, x * y), t(1.0), t(5.0))
    assert [y.item() for y in out] == [2.0, 5.0]
    assert [g.item() for g in pull((t(1.0), t(2.0)))] == [12.0, 2.0]
    out, pushed = jvp(lambda x: x * x, (t(3.0),), (t(2.0),))
    assert (out.item(), pushed.item()) == (9.0, 12.0)
    out, push = linearize(lambda x: x**2, t(3.0))
    assert push(t(2.0)).item() == 12.0 and push(t(1.0)).item() == 6.0
    assert (
        jvp(lambda x: jvp(lambda y: y**3, (x,), (t(1.0),))[1], (t(2.0),), (t(1.0),))[1].item()
        == 12.0
    )


@pytest.mark.parametrize("jacobian", [jacrev, jacfwd])
def test_jacobians(jacobian):
    m = t([[1.0, 2.0], [3.0, 4.0]])
    assert jacobian(lambda x: m @ x)(t([1.0, 1.0])).tolist() == m.tolist()
    (xx, xy), (yx, yy) = jacobian(lambda x, y: (x * y, y), argnums=(0, 1))(t(2.0), t(3.0))
    assert [v.item() for v in (xx, xy, yx, yy)] == [3.0, 2.0, 0.0, 1.0]
    second = jacobian(jacobian(lambda x: x**3))(torch.ones(2))
    assert second.shape == (2, 2, 2) and second[0, 0, 0].item() == 6.0 and not second.requires_grad
    tree = jacobian(lambda p: {"o": p["a"] * 2})({"a": torch.ones(2)})
    assert tree["o"]["a"].tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_hessian():
    found = hessian(lambda x, y: (x**3 * y).sum(), argnums=(0, 1))(torch.ones(2), torch.ones(2))
    assert found[0][0].tolist() == [[6.0, 0.0], [0.0, 6.0]]
    assert found[0][1].tolist() == [[3.0, 0.0], [0.0, 3.0]]
    assert found[1][1].tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grad(lambda x: x * 2)(t([1.0, 2.0])), "got tensor with 1 dims"),
        (lambda: grad(lambda x: 3)(t(1.0)), "to return a Tensor, got <class 'int'>"),
        (lambda: grad(lambda x: x)(t(1)), "only Tensors of floating point dtype"),
        (
            lambda: grad(lambda x: x, argnums=1)(t(1.0)),
            "Got argnum=1, but only 1 positional inputs",
        ),
        (lambda: grad(lambda x: x, argnums="a")(t(1.0)), "argnums must be int or Tuple"),
        (lambda: grad(lambda x: x, argnums=(0, 0))(t(1.0)), "argnums elements must be unique"),
        (lambda: jvp(lambda x: x, t(1.0), (t(1.0),)), "Expected primals to be a tuple"),
        (lambda: vjp(lambda x: x, t(1.0))[1](t([1.0])), "Mismatch in shape"),
        (lambda: jacrev(lambda x: 3)(t(1.0)), "expected f\\(\\*primals\\) to return only tensors"),
    ],
)
def test_errors(call, message):
    with pytest.raises(RuntimeError, match=message):
        call()
