"""Functions of networks under the names and argument orders that `torch` itself gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dtypes import dtype
from ..tensor import Tensor
from . import activation, ctc, distance, losses, margins, recurrent
from . import dropout as drop
from . import embedding as embed
from . import normalization as norm
from .common import store

__all__ = ["alpha_dropout", "alpha_dropout_", "batch_norm", "bilinear", "cdist", "celu", "celu_"]
__all__ += ["binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity"]
__all__ += ["ctc_loss", "dropout", "dropout_", "embedding", "embedding_bag", "embedding_renorm_"]
__all__ += ["feature_alpha_dropout", "feature_alpha_dropout_", "feature_dropout"]
__all__ += ["feature_dropout_", "group_norm", "gru", "gru_cell", "hardshrink"]
__all__ += ["hinge_embedding_loss", "instance_norm", "kl_div", "layer_norm", "log_softmax", "lstm"]
__all__ += ["lstm_cell", "margin_ranking_loss", "native_batch_norm", "native_dropout"]
__all__ += ["native_group_norm", "native_layer_norm", "pairwise_distance", "pdist"]
__all__ += ["poisson_nll_loss", "prelu", "relu", "relu_", "rms_norm", "rnn_relu", "rnn_relu_cell"]
__all__ += ["rnn_tanh", "rnn_tanh_cell", "rrelu", "rrelu_", "selu", "selu_", "softmax", "threshold"]
__all__ += ["threshold_", "triplet_margin_loss"]

# ---------------------------------------------------------------- the same as in nn.functional
hardshrink, prelu = activation.hardshrink, activation.prelu
celu_, relu_, rrelu_ = activation.celu_, activation.relu_, activation.rrelu_
selu_, threshold_ = activation.selu_, activation.threshold_
bilinear, cdist, pdist = distance.bilinear, distance.cdist, distance.pdist
cosine_similarity, pairwise_distance = distance.cosine_similarity, distance.pairwise_distance
embedding_renorm_ = embed.embedding_renorm_
gru, lstm, rnn_relu, rnn_tanh = (
    recurrent.gru, recurrent.lstm, recurrent.rnn_relu, recurrent.rnn_tanh,
)  # fmt: skip
gru_cell, lstm_cell = recurrent.gru_cell, recurrent.lstm_cell
rnn_relu_cell, rnn_tanh_cell = recurrent.rnn_relu_cell, recurrent.rnn_tanh_cell


# ---------------------------------------------------------------- activations
def relu(input: Tensor) -> Tensor:
    """max(0, x)."""
    return activation.relu(input)


def selu(input: Tensor) -> Tensor:
    """Scaled exponential linear units."""
    return activation.selu(input)


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Continuously differentiable exponential linear units."""
    return activation.celu(input, alpha)


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """Leaky relu with random slopes."""
    return activation.rrelu(input, lower, upper, training)


def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """x where it exceeds the threshold, `value` elsewhere."""
    return activation.threshold(input, threshold, value)


def softmax(
    input: Tensor, dim: int, dtype: dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension."""
    return store(out, activation.softmax_over(input, dim, dtype))


def log_softmax(
    input: Tensor, dim: int, dtype: dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """log(softmax(x)) along a dimension, without overflow."""
    return store(out, activation.log_softmax_over(input, dim, dtype))


# ---------------------------------------------------------------- dropout
native_dropout = drop.native_dropout


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Elements set to 0 with probability p, the others divided by 1 - p."""
    return drop.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` in place."""
    return drop.dropout(input, p, train, True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout that keeps mean and variance after `selu`."""
    return drop.alpha_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` in place."""
    return drop.alpha_dropout(input, p, train, True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` of whole channels of [N, C, *]."""
    return drop.feature_dropout(input, p, train)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place."""
    return drop.feature_dropout(input, p, train, True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of whole channels of [N, C, *]."""
    return drop.feature_alpha_dropout(input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` in place."""
    return drop.feature_alpha_dropout(input, p, train, True)


# ---------------------------------------------------------------- normalization
def batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:  # fmt: skip
    """Each channel brought to mean 0 and variance 1; `cudnn_enabled` changes nothing."""
    return norm.batch_norm_over(
        input, weight, bias, running_mean, running_var, training, momentum, eps
    )


def instance_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, use_input_stats: bool, momentum: float, eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:  # fmt: skip
    """Each channel of each sample brought to mean 0 and variance 1."""
    return norm.instance_norm_over(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps
    )


def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
    bias: Tensor | None = None, eps: float = 1e-05, cudnn_enable: bool = True,
) -> Tensor:  # fmt: skip
    """The last dimensions brought to mean 0 and variance 1."""
    return norm.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-05, cudnn_enabled: bool = True,
) -> Tensor:  # fmt: skip
    """Groups of channels brought to mean 0 and variance 1, in each sample."""
    return norm.group_norm_over(input, num_groups, weight, bias, eps)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:  # fmt: skip
    """The last dimensions divided by the root of their mean square."""
    return norm.rms_norm(input, normalized_shape, weight, eps)


native_batch_norm, native_group_norm = norm.native_batch_norm, norm.native_group_norm
native_layer_norm = norm.native_layer_norm


# ---------------------------------------------------------------- embeddings
def embedding(
    weight: Tensor, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Rows of `weight` at the places of `indices`; a `padding_idx` below 0 is none."""
    return embed.embedding_rows(
        weight, indices, padding_idx if padding_idx >= 0 else None, scale_grad_by_freq, sparse
    )


def embedding_bag(
    weight: Tensor, indices: Tensor, offsets: Tensor, scale_grad_by_freq: bool = False,
    mode: int = 0, sparse: bool = False, per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """Sums (mode 0), means (1) or maxima (2) of rows of `weight`, one for each bag."""
    name = ("sum", "mean", "max")[mode]
    return embed.bags_of_rows(
        weight, indices, offsets, scale_grad_by_freq, name, sparse, per_sample_weights,
        include_last_offset, padding_idx,
    )  # fmt: skip


# ---------------------------------------------------------------- losses, reductions by number
_REDUCTIONS = ("none", "mean", "sum")


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None,
    reduction: int = 1,
) -> Tensor:  # fmt: skip
    """Binary cross-entropy of sigmoid(x)."""
    return losses.bce_with_logits(input, target, weight, pos_weight, _REDUCTIONS[reduction])


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1
) -> Tensor:
    """A margin loss on the cosine of two vectors."""
    how = _REDUCTIONS[reduction]
    return margins.cosine_embedding_loss(input1, input2, target, margin, reduction=how)


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: int = 1, zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """The connectionist temporal classification loss."""
    return ctc.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, _REDUCTIONS[reduction],
        zero_infinity,
    )  # fmt: skip


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 1
) -> Tensor:
    """x where the target is 1, max(0, margin - x) where it is -1."""
    how = _REDUCTIONS[reduction]
    return margins.hinge_embedding_loss(input, target, margin, reduction=how)


def kl_div(
    input: Tensor, target: Tensor, reduction: int = 1, *, log_target: bool = False
) -> Tensor:
    """Kullback-Leibler divergence of log-probabilities from probabilities."""
    return losses.divergence(input, target, _REDUCTIONS[reduction], log_target)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1
) -> Tensor:
    """max(0, -y (x1 - x2) + margin)."""
    how = _REDUCTIONS[reduction]
    return margins.margin_ranking_loss(input1, input2, target, margin, reduction=how)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """The negative log-likelihood of Poisson counts."""
    how = _REDUCTIONS[reduction]
    return losses.poisson_nll_loss(input, target, log_input, full, None, eps, None, how)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2,
    eps: float = 1e-6, swap: bool = False, reduction: int = 1,
) -> Tensor:  # fmt: skip
    """max(0, d(a, p) - d(a, n) + margin)."""
    how = _REDUCTIONS[reduction]
    return margins.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=how
    )
