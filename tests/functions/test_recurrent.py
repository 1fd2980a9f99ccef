"""Recurrent functions: sequences against single steps, packed against padded, gradients."""

import numpy as np
import pytest

import taper as torch

RNG = np.random.default_rng(7)
GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def draw(*shape):
    return torch.tensor(RNG.uniform(-1, 1, shape), requires_grad=True)


def layer(mode, inputs=3, width=2):
    rows = GATES[mode] * width
    return [draw(rows, inputs), draw(rows, width), draw(rows), draw(rows)]


def start(mode, layers, batch, width=2):
    h = draw(layers, batch, width)
    return (h, draw(layers, batch, width)) if mode == "lstm" else h


def place(state, k):
    return (state[0][k], state[1][k]) if isinstance(state, tuple) else state[k]


def stepped(mode, x, state, weights):
    """The outputs of the cell, one step after the other, and the last state."""
    cell, outs = getattr(torch, mode + "_cell"), []
    for row in x:
        state = cell(row, state, *weights)
        outs.append(state[0] if mode == "lstm" else state)
    return torch.stack(outs), state


def same(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("mode", GATES)
def test_a_sequence_is_its_steps(mode):
    x, state, weights = draw(5, 4, 3), start(mode, 1, 4), layer(mode)
    out, *last = getattr(torch, mode)(x, state, weights, True, 1, 0.0, False, False, False)
    wanted, end = stepped(mode, x, place(state, 0), weights)
    same(out, wanted)
    for found, want in zip(last, end if mode == "lstm" else [end]):
        same(found[0], want)
    grads = torch.autograd.grad(out.sin().sum(), [x, *weights])
    for found, want in zip(grads, torch.autograd.grad(wanted.sin().sum(), [x, *weights])):
        same(found, want)


@pytest.mark.parametrize("mode", GATES)
def test_two_layers_in_two_directions(mode):
    x, state = draw(4, 2, 3), start(mode, 4, 2)
    weights = [layer(mode, n) for n in (3, 3, 4, 4)]
    flat = [w for part in weights for w in part]
    out, *last = getattr(torch, mode)(x, state, flat, True, 2, 0.0, False, True, False)
    level, ends = x, []
    for k in (0, 2):
        ahead, end = stepped(mode, level, place(state, k), weights[k])
        behind, other = stepped(mode, level.flip(0), place(state, k + 1), weights[k + 1])
        level = torch.cat([ahead, behind.flip(0)], 2)
        ends += [end, other]
    same(out, level)
    for found, want in zip(last, zip(*ends) if mode == "lstm" else [ends]):
        same(found, torch.stack(list(want)))


@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize("both", [False, True])
def test_packed_sequences_run_to_their_own_ends(mode, both):
    lengths, sizes = [4, 2, 1], torch.tensor([3, 2, 1, 1])
    x, ways = draw(4, 3, 3), 2 if both else 1
    packed = torch.cat([x[t, :n] for t, n in enumerate(sizes.tolist())])
    state = start(mode, ways, 3)
    weights = [w for _ in range(ways) for w in layer(mode)]
    run = getattr(torch, mode)
    out, *last = run(packed, sizes, state, weights, True, 1, 0.0, False, both)
    rows = torch.zeros(4, 3, 2 * ways, dtype=torch.float64)
    for k, n in enumerate(lengths):
        one = tuple(s[:, k : k + 1] for s in state) if mode == "lstm" else state[:, k : k + 1]
        own, *end = run(x[:n, k : k + 1], one, weights, True, 1, 0.0, False, both, False)
        rows[:n, k] = own[:, 0]
        for found, want in zip(last, end):
            same(found[:, k], want[:, 0])
    same(out, torch.cat([rows[t, :n] for t, n in enumerate(sizes.tolist())]))


def test_projections_batch_first_and_no_biases():
    weights = [draw(8, 3), draw(8, 1), draw(1, 2)]
    x, h, c = draw(2, 5, 3), draw(1, 2, 1), draw(1, 2, 2)
    out, hn, cn = torch.lstm(x, (h, c), weights, False, 1, 0.0, False, False, True)
    assert out.shape == (2, 5, 1) and hn.shape == (1, 2, 1) and cn.shape == (1, 2, 2)
    same(out[:, -1], hn[0])
    turned = x.transpose(0, 1)
    other, *_ = torch.lstm(turned, (h, c), weights, False, 1, 0.0, False, False, False)
    same(out, other.transpose(0, 1))


def test_dropout_lies_between_the_layers():
    x = torch.ones(3, 2, 3)
    weights = [torch.ones(2, n) for n in (3, 2, 2, 2)]
    state = torch.zeros(2, 2, 2)
    torch.manual_seed(1)
    mask = torch.nn.functional.dropout(torch.ones(3, 2, 2), 0.5)
    torch.manual_seed(1)
    out, _ = torch.rnn_tanh(x, state, weights, False, 2, 0.5, True, False, False)
    first, _ = torch.rnn_tanh(x, state[:1], weights[:2], False, 1, 0.0, False, False, False)
    wanted, _ = torch.rnn_tanh(
        first * mask, state[:1], weights[2:], False, 1, 0.0, False, False, False
    )
    same(out, wanted)
    still, _ = torch.rnn_tanh(x, state, weights, False, 2, 0.5, False, False, False)
    assert not np.allclose(out.numpy(), still.numpy())
