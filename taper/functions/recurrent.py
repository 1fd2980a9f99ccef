"""Recurrent networks over whole sequences, and single steps: RNN, LSTM and GRU.

A sequence is one recorded call: layers, directions and time steps are unrolled inside the node
function. The input's product with the weights is one product over all steps; only the state's
product is left to each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .activation import relu_node
from .common import expand, wide
from .dropout import dropout_mask

__all__ = ["gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh"]
__all__ += ["rnn_tanh_cell"]

State = tuple[Node, ...]  # (h,), or (h, c) of an LSTM


# ---------------------------------------------------------------- one step
def _rows(x: Node, start: int, stop: int) -> Node:
    tail = x.shape[1:]
    low, step = (start, *(0 for _ in tail)), (1,) * len(x.shape)
    return ops.slice(x, start=low, stop=(stop, *tail), step=step)


def _part(x: Node, place: int, count: int) -> Node:
    """One of `count` equal parts of the columns."""
    rows, width = x.shape[0], x.shape[1] // count
    start, stop = (0, place * width), (rows, (place + 1) * width)
    return ops.slice(x, start=start, stop=stop, step=(1, 1))


def _product(x: Node, weight: Node, bias: Node | None) -> Node:
    out = ops.dot(x, ops.permute(weight, dims=(1, 0)))
    return out if bias is None else ops.add(out, expand(bias, out.shape))


def _step(mode: str, given: Node, state: State, weights: dict[str, Node | None]) -> State:
    """The next state from the input's part of the gates."""
    h = state[0]
    inner = _product(h, weights["hh"], weights["b_hh"])  # type: ignore[arg-type]
    if mode == "LSTM":
        gates = ops.add(given, inner)
        i, f, g, o = (_part(gates, k, 4) for k in range(4))
        c = ops.add(ops.mul(ops.sigmoid(f), state[1]), ops.mul(ops.sigmoid(i), ops.tanh(g)))
        h = ops.mul(ops.sigmoid(o), ops.tanh(c))
        if weights["hr"] is not None:
            h = _product(h, weights["hr"], None)
        return h, c
    if mode == "GRU":
        r, z, n = (_part(given, k, 3) for k in range(3))
        r_h, z_h, n_h = (_part(inner, k, 3) for k in range(3))
        r, z = ops.sigmoid(ops.add(r, r_h)), ops.sigmoid(ops.add(z, z_h))
        n = ops.tanh(ops.add(n, ops.mul(r, n_h)))
        return (ops.add(ops.mul(ops.sub(h, n), z), n),)
    gates = ops.add(given, inner)
    return (ops.tanh(gates) if mode == "RNN_TANH" else relu_node(gates),)


def _joined(parts: Sequence[Node]) -> Node:
    return ops.concat(*parts, axis=0) if len(parts) > 1 else parts[0]


# ---------------------------------------------------------------- a layer in one direction
def _run(
    mode: str, x: Node, state: State, weights: dict[str, Node | None], sizes: tuple[int, ...],
    backward: bool,
) -> tuple[Node, State]:  # fmt: skip
    """Outputs [rows, width] and the last state; step t holds `sizes[t]` rows, ever fewer."""
    bias = weights["b_ih"]
    if mode == "LSTM" and bias is not None:  # both biases only ever meet as a sum
        bias = ops.add(bias, weights["b_hh"])
        weights = {**weights, "b_hh": None}
    given = _product(x, weights["ih"], bias)  # type: ignore[arg-type]
    starts = [0, *accumulate(sizes)]
    order = range(len(sizes))[:: -1 if backward else 1]
    outs: list[Node | None] = [None] * len(sizes)
    initial, done = state, []
    if sizes:
        state = tuple(_rows(s, 0, sizes[order[0]]) for s in state)
    for t in order:
        now, held = sizes[t], state[0].shape[0]
        if now < held:  # forward: the sequences that have ended keep their state
            done.append(tuple(_rows(s, now, held) for s in state))
            state = tuple(_rows(s, 0, now) for s in state)
        elif now > held:  # backward: sequences that begin here
            state = tuple(_joined((s, _rows(first, held, now))) for s, first in zip(state, initial))
        state = _step(mode, _rows(given, starts[t], starts[t + 1]), state, weights)
        outs[t] = state[0]
    if done:
        parts = [state, *reversed(done)]
        state = tuple(_joined([p[i] for p in parts]) for i in range(len(state)))
    if not outs:
        return ops.full((0, state[0].shape[1]), 0, x.dtype), state
    return _joined(outs), state  # type: ignore[arg-type]


def _weights(params: Sequence[Node], biases: bool) -> dict[str, Node | None]:
    """The parameters of a layer and direction by name."""
    names = ["ih", "hh", "b_ih", "b_hh"] if biases else ["ih", "hh"]
    names += ["hr"] if len(params) > len(names) else []
    return {"b_ih": None, "b_hh": None, "hr": None, **dict(zip(names, params))}


def _network(*args: Any) -> tuple[Node, ...]:
    """All layers: (x, *states, *params, *masks, mode, layers, ways, biases, masks, sizes, swap)."""
    *nodes, mode, layers, ways, biases, masks, sizes, swap = args
    kind = nodes[0].dtype
    nodes = [ops.cast(n, dtype=wide(n.dtype)) for n in nodes]
    kept = 2 if mode == "LSTM" else 1
    x, states = nodes[0], nodes[1 : 1 + kept]
    params, drops = nodes[1 + kept : len(nodes) - masks], nodes[len(nodes) - masks :]
    shape = x.shape
    if sizes is None:
        if swap:
            x = ops.permute(x, dims=(1, 0, 2))
        steps, batch = x.shape[:2]
        x, sizes = ops.reshape(x, shape=(steps * batch, x.shape[2])), (batch,) * steps
    each = len(params) // (layers * ways)
    last: list[State] = []
    for layer in range(layers):
        found = []
        for way in range(ways):
            place = layer * ways + way
            weights = _weights(params[place * each : (place + 1) * each], biases)
            state = tuple(_row_of(s, place) for s in states)
            out, state = _run(mode, x, state, weights, sizes, way == 1)
            found.append(out)
            last.append(state)
        x = ops.concat(*found, axis=1) if ways == 2 else found[0]
        if layer < masks:
            x = ops.mul(x, ops.reshape(drops[layer], shape=x.shape))
    if len(shape) == 3:
        x = ops.reshape(x, shape=(len(sizes), sizes[0] if sizes else shape[1], x.shape[1]))
        x = ops.permute(x, dims=(1, 0, 2)) if swap else x
    ends = [_joined([_lifted(s[i]) for s in last]) for i in range(kept)]
    return tuple(ops.cast(n, dtype=kind) for n in (x, *ends))


def _row_of(states: Node, place: int) -> Node:
    return ops.reshape(_rows(states, place, place + 1), shape=states.shape[1:])


def _lifted(x: Node) -> Node:
    return ops.reshape(x, shape=(1, *x.shape))


# ---------------------------------------------------------------- sequences
def _sequence(
    name: str, mode: str, input: Tensor, batch_sizes: Tensor | None, states: Sequence[Tensor],
    params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> Any:  # fmt: skip
    sizes = None if batch_sizes is None else tuple(int(n) for n in batch_sizes._array())
    ways = 2 if bidirectional else 1
    masks = []
    if train and dropout > 0 and num_layers > 1:
        if sizes is not None:
            rows: tuple[int, ...] = (input._size[0],)
        else:
            rows = input._size[1::-1] if batch_first else input._size[:2]
        shape = (*rows, states[0]._size[2] * ways)
        masks = [dropout_mask(input, shape, dropout) for _ in range(num_layers - 1)]
    static = (mode, num_layers, ways, bool(has_biases), len(masks), sizes, bool(batch_first))
    return apply(name, _network, (input, *states, *params, *masks), static)


def _split(args: Sequence[Any], states: type) -> tuple[Any, ...]:
    """(input, batch_sizes, hx, options) of a call with padded or with packed data."""
    packed = not isinstance(args[1], states) or (
        states is Tensor and len(args) > 2 and isinstance(args[2], Tensor)
    )
    if packed:
        return args[0], args[1], args[2], (*args[3:], False)
    return args[0], None, args[1], args[2:]


def lstm(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Long short-term memory (Hochreiter and Schmidhuber, 1997): (output, h, c).

    lstm(input, (h, c), params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    with input (L, N, *), or lstm(data, batch_sizes, (h, c), params, ..., bidirectional) of packed
    data.
    """
    input, sizes, hx, options = _split(args, (tuple, list))  # type: ignore[arg-type]
    if len(hx) != 2:
        raise RuntimeError("lstm expects two hidden states")
    return _sequence("StackBackward0", "LSTM", input, sizes, hx, *options)


def gru(*args: Any) -> tuple[Tensor, Tensor]:
    """Gated recurrent units (Cho et al., 2014): (output, h); called as `lstm`, with h alone."""
    input, sizes, hx, options = _split(args, Tensor)
    return _sequence("StackBackward0", "GRU", input, sizes, (hx,), *options)


def rnn_tanh(*args: Any) -> tuple[Tensor, Tensor]:
    """Elman's network with tanh (1990): (output, h), with the arguments of `gru`."""
    input, sizes, hx, options = _split(args, Tensor)
    return _sequence("StackBackward0", "RNN_TANH", input, sizes, (hx,), *options)


def rnn_relu(*args: Any) -> tuple[Tensor, Tensor]:
    """Elman's network with relu: (output, h), with the arguments of `gru`."""
    input, sizes, hx, options = _split(args, Tensor)
    return _sequence("StackBackward0", "RNN_RELU", input, sizes, (hx,), *options)


# ---------------------------------------------------------------- cells
def _cell(*args: Any) -> Any:
    """(x, *states, w_ih, w_hh, b_ih, b_hh, mode): the next state."""
    *nodes, mode = args
    kind = nodes[0].dtype
    nodes = [None if n is None else ops.cast(n, dtype=wide(n.dtype)) for n in nodes]
    x, *state, w_ih, w_hh, b_ih, b_hh = nodes
    weights = {"hh": w_hh, "b_hh": b_hh, "hr": None}
    found = _step(mode, _product(x, w_ih, b_ih), tuple(state), weights)
    found = tuple(ops.cast(n, dtype=kind) for n in found)
    return found if mode == "LSTM" else found[0]


def _check_cell(input: Tensor, states: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor) -> None:
    if input._size[-1] != w_ih._size[1]:
        raise RuntimeError(
            f"input has inconsistent input_size: got {input._size[-1]} expected {w_ih._size[1]}"
        )
    for place, h in enumerate(states):
        if h._size[-1] != w_hh._size[1]:
            raise RuntimeError(
                f"hidden{place} has inconsistent hidden_size: got {h._size[-1]}, expected "
                f"{w_hh._size[1]}"
            )
        if input._size[0] != h._size[0]:
            raise RuntimeError(
                f"Input batch size {input._size[0]} doesn't match hidden{place} batch size "
                f"{h._size[0]}"
            )


def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor | None = None, b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """One step of an LSTM: (h, c) from input (N, *) and (h, c)."""
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    _check_cell(input, hx, w_ih, w_hh)
    inputs = (input, *hx, w_ih, w_hh, b_ih, b_hh)
    return apply("ThnnFusedLstmCellBackward0", _cell, inputs, ("LSTM",))


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor | None = None, b_hh: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """One step of a GRU: h from input (N, *) and h."""
    _check_cell(input, (hx,), w_ih, w_hh)
    return apply("AddBackward0", _cell, (input, hx, w_ih, w_hh, b_ih, b_hh), ("GRU",))


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor | None = None, b_hh: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """tanh(W_ih x + b_ih + W_hh h + b_hh)."""
    _check_cell(input, (hx,), w_ih, w_hh)
    return apply("TanhBackward0", _cell, (input, hx, w_ih, w_hh, b_ih, b_hh), ("RNN_TANH",))


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor | None = None, b_hh: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """relu(W_ih x + b_ih + W_hh h + b_hh)."""
    _check_cell(input, (hx,), w_ih, w_hh)
    return apply("ReluBackward0", _cell, (input, hx, w_ih, w_hh, b_ih, b_hh), ("RNN_RELU",))
