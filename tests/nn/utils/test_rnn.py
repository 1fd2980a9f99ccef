"""Sequences are packed, padded and taken apart again, and recurrent layers take them packed."""

import pytest

import taper as torch
from taper import nn
from taper.nn.utils import rnn


def sequences():
    return [torch.arange(n * 2.0).reshape(n, 2) + 10 * n for n in (4, 2, 1)]


def test_packing_lays_step_after_step():
    padded = rnn.pad_sequence(sequences())
    packed = rnn.pack_padded_sequence(padded, [4, 2, 1])
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert packed.data[:, 0].tolist() == [40.0, 20.0, 10.0, 42.0, 22.0, 44.0, 46.0]
    assert packed.sorted_indices is None and packed.unsorted_indices is None
    back, lengths = rnn.pad_packed_sequence(packed)
    assert torch.equal(back, padded) and lengths.tolist() == [4, 2, 1]
    first = rnn.pack_padded_sequence(padded.transpose(0, 1), torch.tensor([4, 2, 1]), True)
    assert torch.equal(first.data, packed.data)


def test_any_order():
    a, b, c = sequences()
    packed = rnn.pack_sequence([b, a, c], enforce_sorted=False)
    assert packed.sorted_indices.tolist() == [1, 0, 2]
    assert packed.unsorted_indices.tolist() == [1, 0, 2]
    back, lengths = rnn.pad_packed_sequence(packed, batch_first=True, padding_value=-1)
    assert lengths.tolist() == [2, 4, 1]
    assert torch.equal(back[0, :2], b) and back[0, 2:].unique().tolist() == [-1.0]
    for one, other in zip(rnn.unpack_sequence(packed), (b, a, c)):
        assert torch.equal(one, other)


def test_padding():
    left = rnn.pad_sequence(sequences(), batch_first=True, padding_value=7, padding_side="left")
    assert left.shape == (3, 4, 2) and left[2, :3].unique().tolist() == [7.0]
    cut = rnn.unpad_sequence(rnn.pad_sequence(sequences()), torch.tensor([4, 2, 1]))
    assert [len(s) for s in cut] == [4, 2, 1]
    longer, _ = rnn.pad_packed_sequence(rnn.pack_sequence(sequences()), total_length=6)
    assert longer.shape == (6, 3, 2)
    with pytest.raises(ValueError, match="Expected total_length to be at least"):
        rnn.pad_packed_sequence(rnn.pack_sequence(sequences()), total_length=3)


def test_gradients_flow_through_packing():
    padded = rnn.pad_sequence(sequences()).requires_grad_(True)
    packed = rnn.pack_padded_sequence(padded, [4, 2, 1])
    (packed.data * 2).sum().backward()
    assert padded.grad[:, 1, 0].tolist() == [2.0, 2.0, 0.0, 0.0]


def test_moving():
    packed = rnn.pack_sequence(sequences())
    assert packed.to(torch.float64).data.dtype == torch.float64 and packed.cpu() is packed
    assert packed.double().half().data.dtype == torch.float16
    assert isinstance(packed, tuple) and packed[0] is packed.data and not packed.is_cuda


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_packed_sequences_give_what_each_gives_alone(kind):
    torch.manual_seed(0)
    layer = kind(2, 3, 2, bidirectional=True)
    order = [sequences()[i] / 10 for i in (1, 0, 2)]
    packed, state = layer(rnn.pack_sequence(order, enforce_sorted=False))
    assert isinstance(packed, rnn.PackedSequence)
    out, _ = rnn.pad_packed_sequence(packed)
    for i, s in enumerate(order):
        alone, last = layer(s)
        assert torch.allclose(out[: len(s), i], alone, rtol=1e-4, atol=1e-5)
        for a, b in zip(state, last) if kind is nn.LSTM else [(state, last)]:
            assert torch.allclose(a[:, i], b, rtol=1e-4, atol=1e-5)


def test_an_initial_state_follows_the_order_of_the_caller():
    torch.manual_seed(0)
    layer = nn.GRU(2, 3)
    order = [sequences()[i] / 10 for i in (1, 0)]
    start = torch.arange(6.0).reshape(1, 2, 3) / 6
    _, state = layer(rnn.pack_sequence(order, enforce_sorted=False), start)
    _, alone = layer(order[0], start[:, 0])
    assert torch.allclose(state[:, 0], alone, rtol=1e-4, atol=1e-5)


def test_recurrent_layers_name_their_weights():
    layer = nn.LSTM(2, 3, bidirectional=True, proj_size=2)
    assert [len(group) for group in layer.all_weights] == [5, 5]
    assert layer.weight_hr_l0_reverse.shape == (2, 3)
    layer.flatten_parameters()
    twin = nn.LSTM(2, 3, bidirectional=True, proj_size=2)
    twin.__setstate__({**layer.__dict__, "_flat_weights": []})
    x = torch.ones(3, 1, 2)
    assert torch.equal(twin(x)[0], layer(x)[0])
