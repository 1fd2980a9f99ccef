"""Hooks on tensors, leaves, functions and several tensors at once."""

import pytest

import taper as torch
from taper.autograd import graph


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def test_hooks_change_gradients_in_turn():
    x = leaf(1.0, 2.0)
    y = x * 2
    seen = []
    handle = y.register_hook(lambda g: g * 3)
    y.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g + 1)
    y.sum().backward(retain_graph=True)
    assert seen == [[3.0, 3.0]] and x.grad.tolist() == [7.0, 7.0]
    handle.remove()
    y.sum().backward()
    assert seen[1] == [1.0, 1.0]


@pytest.mark.parametrize(
    "hook, kind, match",
    [
        (lambda g: 3, TypeError, "expected Variable, but hook returned 'int'"),
        (lambda g: torch.ones(5), RuntimeError, "hook '<lambda>' has changed the size of value"),
        (
            lambda g: g.double(),
            RuntimeError,
            r"the type of value \(was torch.FloatTensor got torch.DoubleTensor\)",
        ),
    ],
)
def test_hooks_keep_shape_and_dtype(hook, kind, match):
    y = leaf(1.0, 2.0) * 2
    y.register_hook(hook)
    with pytest.raises(kind, match=match):
        y.sum().backward()


def test_a_hook_stays_with_the_contents_it_was_put_on():
    seen = []
    y = leaf(1.0) * 2
    y.register_hook(lambda g: seen.append(("old", g.item())))
    y.mul_(3)
    y.register_hook(lambda g: seen.append(("new", g.item())))
    y.sum().backward()
    assert seen == [("new", 1.0), ("old", 3.0)]


def test_a_retained_gradient_follows_the_tensor():
    x = leaf(1.0, 1.0)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    y.sum().backward()
    assert y.grad.tolist() == [1.0, 1.0]
    y = x * 2
    y.retain_grad()
    y[0].mul_(3)
    y.sum().backward()
    assert y.grad.tolist() == [1.0, 1.0]


def test_retained_gradients_come_after_hooks():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.backward()
    assert y.grad.tolist() == [10.0] and x.grad.tolist() == [20.0]
    with pytest.raises(
        RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"
    ):
        torch.ones(1).retain_grad()


def test_hooks_on_functions():
    x, seen = leaf(1.0, 1.0), []
    y = x * 3
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 2,))
    y.grad_fn.register_hook(lambda given, got: seen.append((given[0].tolist(), got[0].tolist())))
    (y + 1).sum().backward()
    assert seen == [([6.0, 6.0], [2.0, 2.0])] and x.grad.tolist() == [6.0, 6.0]
    y = x * 3
    y.grad_fn.register_prehook(lambda gs: gs + gs)
    with pytest.raises(RuntimeError, match=r"incorrect number of values \(got 2, but expected 1\)"):
        y.sum().backward()


def test_the_order_of_a_leafs_hooks():
    x, seen = leaf(1.0), []
    y = x * 3
    accumulate = y.grad_fn.next_functions[0][0]
    accumulate.register_hook(lambda given, got: seen.append("after"))
    accumulate.register_prehook(lambda got: seen.append("before"))
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    x.register_hook(lambda g: seen.append("tensor"))
    y.backward()
    assert seen == ["tensor", "before", 3.0, "after"]
    seen.clear()
    torch.autograd.grad(x * 2, x)
    assert seen == ["tensor"]


def test_where_hooks_may_not_be():
    with pytest.raises(RuntimeError, match="on a tensor that doesn't require gradient"):
        torch.ones(1).register_hook(print)
    with pytest.raises(RuntimeError, match="cannot be registered on non-leaf tensors"):
        (leaf(1.0) * 2).register_post_accumulate_grad_hook(print)


def test_several_tensors_at_once():
    a, seen = leaf(1.0, 1.0), []
    b, c, d = a * 2, a * 3, a * 4
    graph.register_multi_grad_hook(
        [b, c, d], lambda gs: seen.append([None if g is None else g.tolist() for g in gs])
    )
    (b * c).sum().backward()
    assert seen == [[[3.0, 3.0], [2.0, 2.0], None]]
    seen.clear()
    handle = graph.register_multi_grad_hook([a], lambda g: seen.append(g.tolist()), mode="any")
    (a * 5).sum().backward()
    handle.remove()
    (a * 5).sum().backward()
    assert seen == [[5.0, 5.0]]
