"""Modes of recording, anomaly detection, and hooks on what is saved."""

import numpy as np
import pytest

import taper as torch
from taper.autograd import Function, graph


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def test_decorators_and_generators():
    @torch.no_grad()
    def plain():
        return torch.is_grad_enabled()

    @torch.no_grad
    def bare():
        return torch.is_grad_enabled()

    @torch.no_grad()
    def steps():
        got = yield torch.is_grad_enabled()
        yield torch.is_grad_enabled(), got

    assert plain() is bare() is False
    it = steps()
    assert next(it) is False and torch.is_grad_enabled()
    assert it.send(5) == (False, 5)
    with torch.set_grad_enabled(False), torch.enable_grad():
        assert torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    assert torch.autograd.grad_mode.no_grad is torch.no_grad


def test_inference_tensors():
    x = leaf(1.0, 2.0)
    with torch.inference_mode():
        t = torch.ones(2)
        t.add_(1)
        assert t.is_inference() and not (x * 2).requires_grad
    with pytest.raises(
        RuntimeError, match="Inplace update to inference tensor outside InferenceMode"
    ):
        t.add_(1)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        x * t
    with pytest.raises(RuntimeError, match="do not track version counter"):
        t._version
    assert (x * t.clone()).requires_grad


def test_anomaly_detection_finds_nan():
    x = leaf(1.0, 1.0)
    with torch.autograd.set_detect_anomaly(True):
        assert torch.is_anomaly_enabled()
        z = (x - 1).sqrt() * 0
        with (
            pytest.raises(
                RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output"
            ),
            pytest.warns(
                UserWarning, match="Error detected in SqrtBackward0. Traceback of forward call"
            ),
        ):
            z.sum().backward()
    assert not torch.is_anomaly_enabled()
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        ((x - 1).sqrt() * 0).sum().backward()
    assert np.isnan(x.grad.numpy()).all()


def test_anomaly_detection_shows_the_call():
    class Broken(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise RuntimeError("broken")

    with (
        pytest.warns(UserWarning, match="Anomaly Detection has been enabled"),
        torch.autograd.detect_anomaly(),
    ):
        y = Broken.apply(leaf(1.0))
        with (
            pytest.raises(RuntimeError, match="broken"),
            pytest.warns(UserWarning, match="test_modes.py"),
        ):
            y.backward()


def test_hooks_on_saved_tensors():
    x, packed = leaf(1.0, 2.0), []
    with graph.saved_tensors_hooks(
        lambda t: (packed.append(t.tolist()), t.numpy())[1], lambda a: torch.from_numpy(a) * 2
    ):
        y = x * x
    (g,) = torch.autograd.grad(y.sum(), x)
    assert packed == [[1.0, 2.0], [1.0, 2.0]] and g.tolist() == [4.0, 8.0]
    with graph.save_on_cpu():
        y = x.exp() * x
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(g.tolist(), [2 * np.e, 3 * np.exp(2)], rtol=1e-6)
    (h,) = torch.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.tolist(), [3 * np.e, 4 * np.exp(2)], rtol=1e-6)
    with (
        graph.disable_saved_tensors_hooks("not here"),
        pytest.raises(RuntimeError, match="not here"),
    ):
        graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__()


def test_hooks_on_what_custom_functions_save():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = leaf(3.0)
    with graph.saved_tensors_hooks(lambda t: t + 1, lambda t: t):
        y = Square.apply(x)
    y.backward()
    assert x.grad.tolist() == [8.0]


def test_mutation_of_saved_tensors_where_allowed():
    x = leaf(1.0, 2.0)
    with graph.allow_mutation_on_saved_tensors():
        a = x * 1
        b = (a * a).sum()
        a.mul_(5)
        b.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_edges_stand_for_tensors():
    x = leaf(1.0, 2.0)
    z = x * 3
    edge = graph.get_gradient_edge(z)
    assert edge.node is z.grad_fn and edge.output_nr == 0 and isinstance(edge.node, graph.Node)
    assert torch.autograd.grad((z * 2).sum(), edge)[0].tolist() == [2.0, 2.0]
    assert torch.autograd.grad(edge, x, torch.ones(2))[0].tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="not possible to get the gradient edge"):
        graph.get_gradient_edge(torch.ones(1))
    t = torch.ones(1)
    graph.increment_version(t)
    assert t._version == 1


def test_profiler():
    from taper.autograd import profiler

    with profiler.profile() as p:
        for _ in range(3):
            with profiler.record_function("part"):
                torch.ones(2).sum().item()
    events = {e.key: e for e in p.key_averages()}
    assert (
        events["part"].count == 3
        and 0 < events["part"].cpu_time_total <= events["profile"].cpu_time_total
    )
    assert "part" in p.key_averages().table(sort_by="cpu_time_total")
