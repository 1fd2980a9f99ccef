"""Custom functions: what they may do to their inputs, and what is checked of their gradients."""

import pytest

import taper as torch
from taper.autograd import Function
from taper.autograd.function import once_differentiable


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


def given(fn, name="Given", forward=lambda ctx, x: x * 1):
    """A function of one input with this backward."""
    return type(name, (Function,), {"forward": staticmethod(forward), "backward": staticmethod(fn)})


def test_a_function_and_its_second_gradient():
    x = leaf(1.0, 2.0)
    y = Square.apply(x)
    assert y.grad_fn.name() == "SquareBackward" and y.grad_fn.next_functions[0][0].variable is x
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert g.tolist() == [2.0, 4.0] and h.tolist() == [2.0, 2.0]
    y = Square.apply(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()
    assert not Square.apply(x.detach()).requires_grad


def test_saved_tensors_are_guarded():
    z = leaf(1.0, 2.0) * 1
    y = Square.apply(z)
    z.add_(1)
    with pytest.raises(RuntimeError, match="is at version 1; expected version 0"):
        y.sum().backward()
    with pytest.raises(TypeError, match="can only save variables, but argument 1 is of type int"):
        given(lambda ctx, g: g, forward=lambda ctx, x: ctx.save_for_backward(x, 3)).apply(z)


def test_setup_context():
    class Scaled(Function):
        @staticmethod
        def forward(x, k):
            return x * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.k = inputs[1]
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, g):
            (out,) = ctx.saved_tensors
            assert out.grad_fn.name() == "ScaledBackward"
            assert ctx.needs_input_grad == (True, False)
            return g * ctx.k, None

    x = leaf(1.0)
    y = Scaled.apply(x, 3.0)
    y.backward()
    assert x.grad.tolist() == [3.0] and y.grad_fn.k == 3.0


def test_inputs_written_in_place():
    def double(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    fn = given(lambda ctx, g: g * 2, forward=double)
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    assert fn.apply(y) is y and y.grad_fn.name() == "GivenBackward"
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    x.grad, y = None, x * 1
    v = y[:2]
    assert fn.apply(v) is v and type(y.grad_fn).__name__ == "CopySlices"
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 1.0]
    with pytest.raises(
        RuntimeError, match="a leaf Variable that requires grad has been used in an in-place"
    ):
        fn.apply(leaf(1.0))


def test_an_input_given_back_as_it_is():
    fn = given(lambda ctx, g: g * 7, forward=lambda ctx, x: x)
    x = leaf(1.0)
    y = fn.apply(x)
    assert y is not x and y.grad_fn.name() == "GivenBackward"
    y.backward()
    assert x.grad.tolist() == [7.0]
    view = given(lambda ctx, g: g.view(2, 2), "View", lambda ctx, x: x.view(-1))
    out = view.apply(torch.ones(2, 2, requires_grad=True) * 1)
    with pytest.raises(
        RuntimeError, match=r"Output 0 of View is a view .* created inside a custom Function"
    ):
        out.add_(1)


def test_outputs_without_gradient():
    def several(ctx, x):
        c = x + 1
        ctx.mark_non_differentiable(c)
        return x * 2, x.argmax(), c

    a, b, c = given(lambda ctx, *gs: gs[0] * 2, forward=several).apply(leaf(1.0, 2.0))
    assert (a.requires_grad, b.requires_grad, c.requires_grad) == (True, False, False)


@pytest.mark.parametrize("materialize", [True, False])
def test_missing_gradients(materialize):
    seen = []

    def pair(ctx, x):
        ctx.set_materialize_grads(materialize)
        return x * 2, x * 3

    def back(ctx, a, b):
        seen.append(None if a is None else a.tolist())
        return b * 3

    x = leaf(1.0)
    given(back, forward=pair).apply(x)[1].backward()
    assert seen == [[0.0] if materialize else None] and x.grad.tolist() == [3.0]


@pytest.mark.parametrize(
    "fn, kind, match",
    [
        (
            lambda ctx, g: (g, g),
            RuntimeError,
            r"incorrect number of gradients \(expected 1, got 2\)",
        ),
        (lambda ctx, g: 3, RuntimeError, r"expected Variable or None \(got int\)"),
        (
            lambda ctx, g: torch.ones(5),
            RuntimeError,
            r"invalid gradient at index 0 - got \[5\] but expected shape compatible",
        ),
    ],
)
def test_gradients_are_checked(fn, kind, match):
    with pytest.raises(kind, match=match):
        given(fn).apply(leaf(1.0, 2.0)).sum().backward()


def test_gradients_are_fitted_to_the_input():
    x = leaf(1.0, 2.0)
    (g,) = torch.autograd.grad(
        given(lambda ctx, g: torch.ones(3, 2, dtype=torch.float64)).apply(x).sum(), x
    )
    assert g.tolist() == [3.0, 3.0] and g.dtype == torch.float32
    assert torch.autograd.grad(given(lambda ctx, g: (g, None)).apply(x).sum(), x)[0].tolist() == [
        1.0,
        1.0,
    ]


def test_once_differentiable():
    @once_differentiable
    def back(ctx, g):
        assert not torch.is_grad_enabled()
        return g * 2

    x = leaf(1.0)
    (g,) = torch.autograd.grad(given(back).apply(x) ** 2, x, create_graph=True)
    assert g.tolist() == [4.0]
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        g.backward()


def test_what_must_be_written():
    x = leaf(1.0)
    with pytest.raises(NotImplementedError, match="You must implement the forward function"):
        type("Empty", (Function,), {}).apply(x)
    half = type("Half", (Function,), {"forward": staticmethod(lambda ctx, x: x * 1)})
    with pytest.raises(NotImplementedError, match="either the backward or vjp method"):
        half.apply(x).backward()
    with (
        pytest.raises(RuntimeError, match="Legacy autograd function"),
        pytest.warns(DeprecationWarning),
    ):
        Square()(x)


def test_a_vjp_is_a_backward():
    fn = type(
        "Named",
        (Function,),
        {"forward": staticmethod(lambda ctx, x: x * 1), "vjp": staticmethod(lambda ctx, g: g * 4)},
    )
    x = leaf(1.0)
    fn.apply(x).backward()
    assert x.grad.tolist() == [4.0]
