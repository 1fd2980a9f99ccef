"""backward and grad: what is refused, where gradients go, and the graph they walk."""

import warnings

import pytest

import taper as torch
from taper import autograd


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


# ---------------------------------------------------------------- what is refused
def refused(match, call, kind=RuntimeError):
    with pytest.raises(kind, match=match):
        call()


def test_only_scalars_need_no_gradient():
    x = leaf(1.0, 2.0)
    refused("grad can be implicitly created only for scalar outputs", (x * 2).backward)
    refused("element 0 of tensors does not require grad", torch.ones(1).backward)
    refused(
        r"grad_output\[0\] has a shape of torch.Size\(\[3\]\)",
        lambda: (x * 2).backward(torch.ones(3)),
    )
    z = torch.ones(1, dtype=torch.complex64, requires_grad=True)
    refused("only for real scalar outputs but got torch.complex64", z.sum().backward)


def test_a_graph_is_walked_once():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    refused("Trying to backward through the graph a second time", y.backward)
    y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    refused("a second time", y.backward)
    y = (x + 1).sum()
    y.backward()
    y.backward()  # nothing was saved


def test_unused_inputs():
    x, y = leaf(1.0), leaf(2.0)
    refused(
        "The differentiated Tensor at index 1 appears to not have been used",
        lambda: autograd.grad(x.sum(), [x, y]),
    )
    assert autograd.grad(x.sum(), [y], allow_unused=True) == (None,)
    assert autograd.grad(x.sum(), [y], materialize_grads=True)[0].tolist() == [0.0]
    refused(
        "Expected allow_unused to be True or not passed",
        lambda: autograd.grad(x.sum(), [y], materialize_grads=True, allow_unused=False),
        ValueError,
    )
    refused("does not require grad", lambda: autograd.grad(x.sum(), torch.ones(1)))
    refused("`inputs` argument to `grad\\(\\)` cannot be empty", lambda: autograd.grad(x.sum(), []))
    refused(
        "`inputs` argument to `backward\\(\\)` cannot be empty", lambda: x.sum().backward(inputs=[])
    )


@pytest.mark.parametrize(
    "write",
    [
        lambda a: a.add_(1),
        lambda a: a.zero_(),
        lambda a: a[0:1].mul_(2),
        lambda a: a.detach().add_(1),
        lambda a: a.__setitem__(0, 3.0),
    ],
)
def test_saved_values_must_not_be_overwritten(write):
    x = leaf(1.0, 2.0)
    a = x * 2
    y = (a * a).sum()
    write(a)
    refused(
        r"\[torch.FloatTensor \[2\]\].* is at version 1; expected version 0",
        y.backward,
    )


def test_a_saved_output_must_not_be_overwritten():
    a = leaf(1.0, 2.0).exp()
    a.mul_(2)
    refused("which is output 0 of Exp, is at version 1; expected version 0", a.sum().backward)


def test_writes_behind_autograd_leave_the_saved_values():
    x = leaf(1.0, 2.0)
    b = torch.ones(2)
    y = (x * b).sum()
    b.data.add_(1)
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_leaves_are_not_written():
    x = leaf(1.0, 2.0)
    refused("^a leaf Variable that requires grad is being used in an in-place", lambda: x.add_(1))
    refused("^a view of a leaf Variable that requires grad", lambda: x[0].add_(1))
    with torch.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0, 3.0]
    assert torch.zeros(2).add_(x).requires_grad


def test_views_that_must_not_be_written():
    y = leaf(1.0, 2.0, 3.0, 4.0) * 1
    refused(
        "Output 1 of Unbind is a view and is being modified inplace", lambda: y.unbind()[1].mul_(2)
    )
    refused("Output 0 of Split is a view", lambda: y.chunk(2)[0].mul_(2))
    with torch.no_grad():
        v = y[:2]
    assert v.requires_grad and v.is_leaf
    refused("A view was created in no_grad mode", lambda: v.mul_(2))
    with torch.no_grad():
        v.mul_(2)
    assert y.tolist() == [2.0, 4.0, 3.0, 4.0]


def test_requires_grad_of_integers_and_of_results():
    refused(
        "only Tensors of floating point dtype can require",
        lambda: torch.tensor([1]).requires_grad_(),
    )
    refused(
        "you can only change requires_grad flags of leaf",
        lambda: (leaf(1.0) * 2).requires_grad_(False),
    )


# ---------------------------------------------------------------- where gradients go
def test_gradients_accumulate_in_place():
    x = leaf(1.0, 1.0)
    (x * 2).sum().backward()
    g = x.grad
    (x * 3).sum().backward()
    assert x.grad is g and g.tolist() == [5.0, 5.0]
    with pytest.warns(UserWarning, match="reference cycle"):
        (x * x).sum().backward(create_graph=True)
    assert x.grad is not g and x.grad.requires_grad
    x.grad = torch.zeros(4)[::2]
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0] and x.grad.stride() == (2,)


def test_the_gradient_given_is_not_the_gradient_kept():
    x, g = leaf(1.0, 1.0), torch.ones(2)
    x.backward(g)
    g.mul_(5)
    assert x.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "value, kind, match",
    [
        (3, TypeError, "assigned grad expected to be a Tensor or None but got grad of type int"),
        (torch.ones(3), RuntimeError, r"a gradient of size '\[3\]' to a tensor of size '\[2\]'"),
        (
            torch.ones(2, dtype=torch.float64),
            RuntimeError,
            "with dtype 'double' to a tensor with grad_dtype 'Float'",
        ),
    ],
)
def test_assigning_grad(value, kind, match):
    x = leaf(1.0, 1.0)
    with pytest.raises(kind, match=match):
        x.grad = value


def test_inputs_choose_where():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x * y).sum().backward(inputs=x)
    assert x.grad.tolist() == [3.0, 4.0] and y.grad is None
    a = x * 2
    (a * a).sum().backward(inputs=[a])
    a.retain_grad()
    assert a.grad.tolist() == [4.0, 8.0] and x.grad.tolist() == [3.0, 4.0]


def test_grad_of_several():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    gx, gy = autograd.grad([x.sum(), (x * y).sum()], [x, y])
    assert gx.tolist() == [4.0, 5.0] and gy.tolist() == [1.0, 2.0]
    same = autograd.grad((x * 3).sum(), [x, x])
    assert [g.tolist() for g in same] == [[3.0, 3.0]] * 2
    a = x * 2
    b = a * 3
    assert [g.tolist() for g in autograd.grad(b.sum(), [a, x, b])] == [
        [3.0, 3.0],
        [6.0, 6.0],
        [1.0, 1.0],
    ]


def test_batches_of_cotangents():
    x = leaf(1.0, 2.0, 3.0)
    (rows,) = autograd.grad(x * x, x, torch.eye(3), is_grads_batched=True)
    assert rows.tolist() == [[2.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 6.0]]
    refused(
        "If `is_grads_batched=True`",
        lambda: autograd.grad(x * x, x, torch.ones(3), is_grads_batched=True),
    )


def test_gradients_of_gradients():
    x = leaf(2.0)
    y = x**4
    slopes = []
    for _ in range(4):
        (y,) = autograd.grad(y, x, create_graph=True)
        slopes.append(y.item())
    assert slopes == [32.0, 48.0, 48.0, 24.0]


def test_a_long_chain():
    x = y = leaf(1.0)
    for _ in range(3000):
        y = y + 1
    y.backward()
    assert x.grad.tolist() == [1.0]


def test_the_gradient_of_a_result_warns_unless_retained():
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="of a Tensor that is not a leaf Tensor is being accessed"):
        assert y.grad is None
    y.retain_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert y.grad is None
    y.backward()
    assert y.grad.tolist() == [1.0]


# ---------------------------------------------------------------- the graph
def names(fn):
    return [(f.name(), i) if f is not None else None for f, i in fn.next_functions]


def test_next_functions():
    x, z = leaf(1.0, 2.0), torch.ones(2)
    y = x * 2 + z
    assert names(y.grad_fn) == [("MulBackward0", 0), None]
    inner = y.grad_fn.next_functions[0][0]
    assert names(inner) == [("torch::autograd::AccumulateGrad", 0), None]
    assert inner.next_functions[0][0].variable is x
    assert inner.next_functions[0][0].next_functions == ()
    assert type(inner).__name__ == "MulBackward0"
    assert names(torch.where(x > 0, x, z).grad_fn) == [("torch::autograd::AccumulateGrad", 0), None]


@pytest.mark.parametrize(
    "name, call",
    [
        ("AddmmBackward0", lambda x: torch.nn.functional.linear(x, x, x[0])),
        ("MmBackward0", lambda x: x @ x),
        ("LogSoftmaxBackward0", lambda x: x.log_softmax(1)),
        ("NllLossBackward0", lambda x: torch.nn.functional.cross_entropy(x, torch.tensor([0, 1]))),
        ("SelectBackward0", lambda x: x[0]),
        ("UnbindBackward0", lambda x: x.unbind()[1]),
        ("CopySlices", lambda x: x.clone().view(-1)[:2].zero_()._base),
        ("AsStridedBackward0", lambda x: x.clone()[0].mul_(2)),
        ("GeluBackward0", lambda x: torch.nn.functional.gelu(x)),
        ("ReluBackward0", lambda x: x.clone().relu_()),
    ],
)
def test_names_of_calls(name, call):
    assert type(call(torch.ones(2, 2, requires_grad=True)).grad_fn).__name__ == name


# ---------------------------------------------------------------- writes that autograd follows
def test_writes_through_views():
    x, w = torch.arange(6.0, requires_grad=True), torch.arange(1.0, 7.0, requires_grad=True)
    a = x.clone()
    v = a.view(2, 3)
    v[0] *= w[:3]
    v[:, 1] = w[3:5]
    v.t()[2].add_(w[5])
    (a * a).sum().backward()
    assert a.tolist() == [0.0, 4.0, 12.0, 3.0, 5.0, 11.0]
    assert x.grad.tolist() == [0.0, 0.0, 72.0, 6.0, 0.0, 22.0]
    assert w.grad.tolist() == [0.0, 0.0, 48.0, 8.0, 10.0, 46.0]


def test_views_made_before_the_base_is_written():
    x = leaf(1.0, 2.0, 3.0)
    a = x * 2
    b = a[1:]
    c = b[1:]
    c.mul_(3)
    b.mul_(2)
    a.mul_(3)
    (a.sum() + b.sum() * 2 + c.sum() * 3).backward()
    assert x.grad.tolist() == [6.0, 36.0, 216.0]
    z = torch.zeros(3)
    v = z[:2]
    z.mul_(x)
    assert v.requires_grad and v.grad_fn is not None


def test_writing_gradients_into_a_constant():
    x = leaf(1.0, 2.0)
    a = torch.zeros(4)
    a[:2] = x
    a[2:] = a[:2] * 3
    a.sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_gradients_arrive_in_the_leafs_dtype():
    x = leaf(1.0, 2.0)
    (x.double() * 2).sum().backward()
    assert x.grad.dtype == torch.float32 and x.grad.tolist() == [2.0, 2.0]
