"""Attention masks, and what encoders do with padding."""

import pytest

import taper as torch
from taper import nn


def test_masks_hide():
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(4, 2, batch_first=True)
    x = torch.arange(24.0).reshape(1, 6, 4).sin()
    causal = nn.Transformer.generate_square_subsequent_mask(6)
    out, weights = layer(x, x, x, attn_mask=causal)
    assert out.shape == (1, 6, 4) and weights.shape == (1, 6, 6)
    assert (weights[0].triu(1) == 0).all()
    changed = x.clone()
    changed[:, 3:] = 5.0
    again, none = layer(changed, changed, changed, attn_mask=causal, need_weights=False)
    assert none is None
    assert torch.allclose(again[:, :3], out[:, :3], rtol=1e-4, atol=1e-5)
    hidden = torch.tensor([[False, False, False, True, True, True]])
    out, weights = layer(x, x, x, key_padding_mask=hidden, average_attn_weights=False)
    assert weights.shape == (1, 2, 6, 6) and (weights[..., 3:] == 0).all()


def test_padded_positions_are_zero_in_evaluation():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2).eval()
    x = torch.arange(24.0).reshape(1, 6, 4).sin()
    mask = torch.tensor([[False] * 4 + [True] * 2])
    with torch.no_grad():
        out = encoder(x, src_key_padding_mask=mask)
        assert (out[:, 4:] == 0).all() and (out[:, :4] != 0).any()
        assert (encoder(x, src_key_padding_mask=mask.flip(1)) != 0).any(-1).all()
    assert (encoder(x, src_key_padding_mask=mask)[:, 4:] != 0).any()


def test_a_layer_that_cannot_skip_padding_says_so():
    with pytest.warns(UserWarning, match="batch_first was not True"):
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 1)


def test_custom_parts():
    class Pass(nn.Module):
        def forward(self, x, *args, **kwargs):
            return x

    net = nn.Transformer(4, 2, custom_encoder=Pass(), custom_decoder=Pass())
    x = torch.ones(2, 1, 4)
    assert torch.equal(net(x, x), x)
