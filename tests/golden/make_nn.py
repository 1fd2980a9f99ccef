"""Writes nn.json: what PyTorch's layers print, hold, draw, compute and refuse.

python tests/golden/make_nn.py        (needs torch==2.13.0; run by hand)
"""

import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent

# Layers to build after manual_seed(42): printed form, names and shapes, and the first draws.
BUILT = """
Identity(3, a=4)
Linear(20, 30)
Linear(4, 3, bias=False)
Bilinear(3, 4, 5)
Conv1d(4, 4, 3, 2, 1, 2, 2, False)
Conv2d(3, 8, 5)
Conv2d(4, 4, 3, padding='same', dilation=2, groups=2, padding_mode='reflect')
Conv3d(4, 4, (1, 2, 3), padding=(0, 1, 1))
ConvTranspose1d(4, 4, 3, 2, 1, 1, 2, False, 3)
ConvTranspose2d(3, 4, 3)
ConvTranspose3d(4, 4, 3, 2, 1, 1, 2, True, 3)
LazyConv2d(4, 3)
LazyConvTranspose1d(4, 3, bias=False)
LazyLinear(3)
LazyBatchNorm2d()
LazyInstanceNorm1d(affine=False)
BatchNorm1d(3, momentum=None)
BatchNorm2d(3, affine=False, track_running_stats=False)
BatchNorm2d(3, bias=False)
BatchNorm3d(3)
SyncBatchNorm(3)
InstanceNorm1d(3)
InstanceNorm2d(3, affine=True, track_running_stats=True)
InstanceNorm3d(3, affine=True)
LayerNorm(3)
LayerNorm([3, 4], bias=False)
LayerNorm((3, 4), elementwise_affine=False)
RMSNorm(3)
RMSNorm([3, 4], eps=1e-3, elementwise_affine=False)
GroupNorm(3, 6)
GroupNorm(3, 6, affine=False)
LocalResponseNorm(3)
CrossMapLRN2d(3)
ReLU()
ReLU(True)
ReLU6(True)
Hardtanh(-2, 2, True)
Hardswish(True)
Hardsigmoid(True)
SELU(True)
SiLU()
Mish(True)
CELU(2, True)
ELU(2, True)
LeakyReLU(.2, True)
RReLU()
PReLU(3)
Threshold(1, 2, True)
GELU('tanh')
GLU()
Softshrink()
Hardshrink()
Softplus()
Softmax(1)
Softmin(1)
LogSoftmax()
Softmax2d()
Sigmoid()
Tanh()
LogSigmoid()
Softsign()
Tanhshrink()
Dropout(0.3)
Dropout2d(0.3, True)
AlphaDropout()
MaxPool1d(2)
MaxPool2d((2, 3), 1, 1, 2, True, True)
MaxUnpool1d(2)
MaxUnpool2d(2, 3, 1)
AvgPool1d(2)
AvgPool3d((2, 2, 2), 2, 1)
FractionalMaxPool2d(2, output_ratio=(.5, .2))
LPPool1d(2, 3)
AdaptiveMaxPool2d((3, None))
AdaptiveAvgPool1d(3)
Embedding(11, 6)
Embedding(3, 4, padding_idx=-1, max_norm=2, norm_type=3, scale_grad_by_freq=True, sparse=True)
EmbeddingBag(3, 4, max_norm=2, mode='sum', padding_idx=1)
RNN(2, 3, 2, 'relu')
LSTM(5, 7)
LSTM(2, 3, 2, False, True, .5, True, 2)
GRU(4, 6, 2)
GRU(4, 6, bidirectional=True, batch_first=True)
RNNCell(2, 3, True, 'relu')
LSTMCell(2, 3)
GRUCell(2, 3, False)
MultiheadAttention(8, 2)
MultiheadAttention(4, 2, kdim=3, vdim=5, add_bias_kv=True, bias=False)
TransformerEncoderLayer(8, 2, 16)
TransformerEncoderLayer(4, 2, 8, activation='gelu', bias=False, norm_first=True)
TransformerDecoderLayer(4, 2, 8)
TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2, nn.LayerNorm(4))
Transformer(4, 2, 1, 1, 8, batch_first=True)
Flatten()
Unflatten(1, (2, 3))
Fold(3, 2)
Unfold(3)
PixelShuffle(2)
PixelUnshuffle(2)
ChannelShuffle(2)
Upsample(scale_factor=(2, 3), mode='bilinear')
UpsamplingNearest2d(3)
UpsamplingBilinear2d(scale_factor=2)
PairwiseDistance()
CosineSimilarity()
ConstantPad1d(2, 3)
ConstantPad3d(2, 3.5)
ZeroPad2d(2)
CircularPad1d(2)
ReflectionPad2d((1, 2, 3, 4))
ReplicationPad3d(2)
L1Loss()
CrossEntropyLoss(weight=zeros(3))
BCEWithLogitsLoss(weight=zeros(3), pos_weight=zeros(3))
TripletMarginWithDistanceLoss()
AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10, 15], div_value=2, head_bias=True)
LinearCrossEntropyLoss(4, 5, out_features=(2, 3), bias=True)
Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 1), nn.Tanh()))
ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh(), nn.Linear(2, 2), nn.Linear(2, 2)])
ModuleList([nn.Sequential(nn.ReLU(), nn.Linear(1, 1))] * 3)
ModuleDict({'a': nn.ReLU(), 'b': nn.Linear(1, 2)})
ParameterList([zeros(2), nn.Parameter(zeros(1, 3)), 3, 'x'])
ParameterDict({'a': zeros(2), 'b': nn.Parameter(zeros(1, 3)), 'c': 3})
""".strip().split("\n")

# Layers to call, in training and evaluation, on inputs of these shapes: floats that need a
# gradient, after "c" floats that need none, after "i" integers below 3.
CALLED = [
    ("Linear(4, 3)", "2x4"),
    ("Bilinear(3, 4, 5)", "2x3 2x4"),
    ("Conv1d(4, 4, 3, 2, 1, 2, 2, False)", "2x4x9"),
    ("Conv2d(2, 3, 3, padding='same')", "2x2x5x5"),
    ("Conv2d(2, 2, 3, padding=1, padding_mode='circular')", "2x4x4"),
    ("Conv3d(2, 2, (1, 2, 2))", "1x2x2x3x3"),
    ("ConvTranspose2d(2, 3, 3, 2, 1, 1)", "1x2x3x3"),
    ("BatchNorm1d(3)", "4x3"),
    ("BatchNorm2d(3, momentum=None)", "2x3x2x2"),
    ("InstanceNorm2d(3, affine=True, track_running_stats=True)", "2x3x2x2"),
    ("InstanceNorm1d(3)", "3x4"),
    ("LayerNorm([3, 4])", "2x3x4"),
    ("RMSNorm(4)", "2x3x4"),
    ("GroupNorm(2, 4)", "2x4x3"),
    ("LocalResponseNorm(3)", "1x5x2x2"),
    ("CELU(2)", "2x3"),
    ("ELU(2)", "2x3"),
    ("GELU()", "2x3"),
    ("GELU('tanh')", "2x3"),
    ("GLU()", "2x4"),
    ("Hardshrink()", "2x3"),
    ("Hardsigmoid()", "2x3"),
    ("Hardswish()", "2x3"),
    ("Hardtanh(-.5, .5)", "2x3"),
    ("LeakyReLU(.2)", "2x3"),
    ("LogSigmoid()", "2x3"),
    ("LogSoftmax(1)", "2x3"),
    ("Mish()", "2x3"),
    ("PReLU(3)", "2x3"),
    ("ReLU()", "2x3"),
    ("ReLU6()", "2x3"),
    ("SELU()", "2x3"),
    ("SiLU()", "2x3"),
    ("Sigmoid()", "2x3"),
    ("Softmax(-1)", "2x3"),
    ("Softmax2d()", "3x2x2"),
    ("Softmin(0)", "2x3"),
    ("Softplus(2, 1)", "2x3"),
    ("Softshrink()", "2x3"),
    ("Softsign()", "2x3"),
    ("Tanh()", "2x3"),
    ("Tanhshrink()", "2x3"),
    ("Threshold(.1, 2)", "2x3"),
    ("MaxPool1d(2)", "1x2x5"),
    ("MaxPool2d(3, 2, 1, ceil_mode=True)", "1x2x6x5"),
    ("AvgPool1d(2)", "1x2x5"),
    ("AvgPool2d(2, count_include_pad=False, padding=1)", "1x2x4x5"),
    ("AvgPool3d(2)", "1x1x2x4x4"),
    ("LPPool2d(2, 2)", "1x2x4x4"),
    ("AdaptiveAvgPool2d((2, None))", "1x2x5x3"),
    ("AdaptiveMaxPool1d(2)", "1x2x5"),
    ("Embedding(3, 4, padding_idx=1)", "i2x5"),
    ("EmbeddingBag(3, 4, mode='sum')", "i2x5"),
    ("RNN(3, 4, 2)", "5x2x3"),
    ("RNN(3, 4, nonlinearity='relu', bidirectional=True)", "5x2x3"),
    ("LSTM(3, 4, 2, batch_first=True)", "2x5x3"),
    ("LSTM(3, 4, bidirectional=True, proj_size=2)", "5x2x3"),
    ("LSTM(3, 4)", "5x3"),
    ("GRU(3, 4, 2, bidirectional=True, bias=False)", "5x2x3"),
    ("RNNCell(3, 4)", "2x3"),
    ("LSTMCell(3, 4)", "3"),
    ("GRUCell(3, 4)", "2x3"),
    ("MultiheadAttention(4, 2)", "3x2x4 5x2x4 5x2x4"),
    ("MultiheadAttention(4, 2, kdim=3, vdim=2, batch_first=True)", "2x3x4 2x5x3 2x5x2"),
    ("MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True)", "3x4 5x4 5x4"),
    ("TransformerEncoderLayer(4, 2, 8, dropout=0.)", "3x2x4"),
    ("TransformerEncoderLayer(4, 2, 8, 0., 'gelu', norm_first=True, batch_first=True)", "2x3x4"),
    ("TransformerDecoderLayer(4, 2, 8, dropout=0.)", "3x2x4 5x2x4"),
    ("Transformer(4, 2, 1, 1, 8, dropout=0., batch_first=True)", "2x3x4 2x5x4"),
    ("Flatten(1, 2)", "2x3x2x1"),
    ("Unflatten(1, (2, 3))", "2x6"),
    ("Fold((3, 3), 2)", "1x8x4"),
    ("Unfold(2)", "1x2x3x3"),
    ("PixelShuffle(2)", "1x4x2x2"),
    ("PixelUnshuffle(2)", "1x1x4x4"),
    ("ChannelShuffle(2)", "1x4x2x1"),
    ("Upsample(scale_factor=2)", "1x1x2x3"),
    ("UpsamplingBilinear2d(scale_factor=2)", "1x1x2x3"),
    ("PairwiseDistance()", "2x3 2x3"),
    ("CosineSimilarity()", "2x3 2x3"),
    ("ConstantPad1d(1, 3)", "2x3"),
    ("ZeroPad2d(1)", "1x2x2"),
    ("CircularPad2d(1)", "1x2x3"),
    ("ReflectionPad1d(2)", "1x4"),
    ("ReplicationPad2d((1, 0, 2, 0))", "1x2x2"),
    ("L1Loss()", "2x3 c2x3"),
    ("MSELoss(reduction='sum')", "2x3 c2x3"),
    ("SmoothL1Loss(beta=.5)", "2x3 c2x3"),
    ("HuberLoss(delta=.5)", "2x3 c2x3"),
    ("KLDivLoss(reduction='batchmean', log_target=True)", "2x3 c2x3"),
    ("NLLLoss()", "4x3 i4"),
    ("CrossEntropyLoss(label_smoothing=.1)", "4x3 i4"),
    ("LinearCrossEntropyLoss(5, 3)", "4x5 i4"),
    ("PoissonNLLLoss()", "2x3 c2x3"),
    ("BCEWithLogitsLoss()", "2x3 c2x3"),
    ("SoftMarginLoss()", "2x3 c2x3"),
    ("MultiMarginLoss()", "4x3 i4"),
    ("MultiLabelSoftMarginLoss()", "2x3 c2x3"),
    ("MarginRankingLoss()", "3 3 c3"),
    ("HingeEmbeddingLoss()", "3 c3"),
    ("TripletMarginLoss()", "2x3 2x3 2x3"),
    ("TripletMarginWithDistanceLoss(swap=True)", "2x3 2x3 2x3"),
    ("AdaptiveLogSoftmaxWithLoss(8, 6, [1, 2], div_value=2.)", "4x8 i4"),
]

# What is said where something is wrong; a few expressions are no errors, and print their value.
SAID = """
nn.Conv2d(3, 4, 3, groups=2)
nn.Conv2d(4, 3, 3, groups=2)
nn.Conv2d(4, 4, 3, groups=0)
nn.Conv2d(4, 4, 3, padding='same', stride=2)
nn.ConvTranspose2d(4, 4, 3, padding_mode='reflect')
nn.ConvTranspose2d(4, 4, 3)(z(1, 4, 5, 5), [3, 3])
nn.ConvTranspose2d(4, 4, 3, 2)(z(1, 4, 5, 5), [12])
nn.LazyConv2d(4, 3)(z(3))
nn.LazyConv2d(4, 3, groups=2)(z(1, 3, 5, 5))
nn.BatchNorm2d(3)(z(3, 4))
nn.BatchNorm1d(3)(z(3, 4, 5, 6))
nn.BatchNorm3d(3)(z(3, 4))
nn.SyncBatchNorm(3)(z(3))
nn.InstanceNorm2d(3)(z(3, 4))
nn.InstanceNorm2d(3, affine=True)(z(2, 4, 5, 5))
nn.InstanceNorm2d(3).load_state_dict({'running_mean': z(3), 'running_var': z(3)})
nn.GroupNorm(3, 7)
nn.Hardtanh(1, 0)
nn.Softmax2d()(z(3, 3))
nn.Dropout(2)
nn.FractionalMaxPool2d(2)
nn.FractionalMaxPool2d(2, 2, .3)
nn.FractionalMaxPool2d(2, output_ratio=2)
nn.FractionalMaxPool3d((2, 0, 1), 2)
nn.Embedding(3, 4, padding_idx=5)
nn.Embedding(3, 4, _weight=z(2, 2))
nn.Embedding.from_pretrained(z(3))
nn.EmbeddingBag(3, 4, padding_idx=-5)
nn.RNN(2, 3, nonlinearity='foo')
nn.GRU(2, 3, proj_size=1)
nn.LSTM(2, 3, dropout=2)
nn.LSTM(2, 0)
nn.LSTM(2, 'a')
nn.LSTM(2, 3, 0)
nn.LSTM(2, 3, proj_size=-1)
nn.LSTM(2, 3, proj_size=3)
nn.RNNBase('FOO', 2, 3)
nn.LSTM(2, 3)(z(2))
nn.LSTM(2, 3)(z(2, 3))
nn.LSTM(2, 3)(z(2, 1, 2), (z(1, 1, 3), z(1, 3)))
nn.LSTM(2, 3)(z(2, 1, 2), (z(1, 1, 3), z(1, 2, 3)))
nn.LSTM(2, 3)(z(2, 1, 2, dtype=torch.float64))
nn.GRU(2, 3)(z(2, 2), z(1, 2, 3))
nn.RNN(2, 3)(z(2))
nn.LSTMCell(2, 3)(z(2, 2), (z(2, 3), z(2, 3, 1)))
nn.GRUCell(2, 3)(z(2, 2), z(2, 2, 2))
nn.RNNCell(2, 3, True, 'foo')(z(2, 2))
nn.MultiheadAttention(4, 3)
nn.MultiheadAttention(0, 2)
nn.TransformerEncoderLayer(4, 2, 8, activation='foo')
nn.Transformer(4, 2, 1, 1, 8, batch_first=True)(z(3, 2, 4), z(2, 2, 4))
nn.Transformer(4, 2, 1, 1, 8, batch_first=True)(z(3, 2, 5), z(3, 2, 5))
nn.Bilinear(0, 3, 4)
nn.Unflatten(1, 3)
nn.Unflatten(1, ('a', 3))
nn.CircularPad3d(2)(z(3))
nn.MultiMarginLoss(p=3)
nn.MultiMarginLoss(weight=z(3, 3))
nn.TripletMarginLoss(margin=0)
nn.LinearCrossEntropyLoss(4, 5, label_smoothing=2)
nn.LinearCrossEntropyOptions(batch_chunk_size=-1)
nn.AdaptiveLogSoftmaxWithLoss(8, 10, [])
nn.AdaptiveLogSoftmaxWithLoss(8, 10, [6, 3])
nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3])(z(2, 8), z(3).long())
nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3])(z(2, 8), z(2).long() + 11)
nn.Sequential(3)
nn.Sequential(nn.ReLU)
nn.Sequential(nn.ReLU())[3]
nn.Sequential(nn.ReLU()) + 3
nn.Sequential(nn.ReLU()) * 0
nn.Sequential(nn.ReLU()) * 'a'
nn.Sequential(nn.ReLU()).insert(5, nn.ReLU())
nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Tanh())[1:]
nn.Sequential(nn.ReLU()) * 2 + nn.Sequential(nn.Tanh())
nn.ModuleList(3)
nn.ModuleList([nn.ReLU()])(3)
nn.ModuleDict({'a.b': nn.ReLU()})
nn.ModuleDict({'keys': nn.ReLU()})
nn.ModuleDict([3])
nn.ModuleDict([(1, 2, 3)])
nn.ParameterList(3)
nn.ParameterDict({'a': z(1)})(3)
nn.ParameterDict().__setitem__(3, 3)
nn.Module(3)
nn.Module(a=3)
nn.Module()(1)
nn.Linear(2, 3).foo
nn.Linear(2, 3).add_module('a.b', nn.ReLU())
nn.Linear(2, 3).add_module('', nn.ReLU())
nn.Linear(2, 3).add_module('forward', nn.ReLU())
nn.Linear(2, 3).add_module(3, nn.ReLU())
nn.Linear(2, 3).add_module('a', 3)
nn.Linear(2, 3).register_parameter('a.b', None)
nn.Linear(2, 3).register_parameter('z', z(1))
nn.Linear(2, 3).register_buffer('weight', z(1))
nn.Linear(2, 3).register_buffer('z', 3)
nn.Linear(2, 3).register_buffer(3, None)
nn.Linear(2, 3).get_submodule('weight')
nn.Linear(2, 3).get_submodule('x.y')
nn.Linear(2, 3).get_parameter('training')
nn.Linear(2, 3).get_buffer('weight')
nn.Linear(2, 3).set_submodule('', nn.ReLU())
nn.Linear(2, 3).set_submodule('x', 3)
setattr(nn.Linear(2, 3), 'weight', z(1))
setattr(nn.BatchNorm1d(3), 'running_mean', 3)
setattr(nn.Sequential(nn.ReLU()), '0', 3)
delattr(nn.Linear(2, 3), 'zzz')
nn.Linear(2, 3).train(3)
nn.Linear(2, 3).to(torch.int32)
nn.Linear(2, 3).to(3, 4, 5)
nn.Linear(2, 3).get_extra_state()
nn.Linear(2, 3).load_state_dict(3)
nn.Linear(2, 3).load_state_dict({})
nn.Linear(2, 3).load_state_dict({}, strict=False)
nn.Linear(2, 3).load_state_dict({'weight': z(3, 2), 'bias': z(3)})
nn.Linear(2, 3).load_state_dict({'weight': z(4, 2), 'bias': 3, 'foo': 1, 'a.b': 2})
nn.Parameter(z(2))
nn.Parameter(z(2).long())
nn.Parameter([1])
nn.UninitializedParameter()
nn.UninitializedParameter().shape
nn.UninitializedParameter().numel()
nn.init.calculate_gain('foo')
nn.init.calculate_gain('leaky_relu', 'a')
nn.init.eye_(z(3))
nn.init.dirac_(z(3))
nn.init.dirac_(z(3, 2, 3), 2)
nn.init.xavier_uniform_(z(3))
nn.init.kaiming_uniform_(z(3, 4), mode='foo')
nn.init.orthogonal_(z(3))
nn.init.sparse_(z(3), 0.1)
nn.utils.clip_grad_norm_([], 1.0)
nn.utils.vector_to_parameters([1], [])
nn.utils.skip_init(nn.ReLU)
nn.utils.remove_weight_norm(nn.Linear(2, 3))
nn.utils.spectral_norm(nn.Linear(2, 3), n_power_iterations=0)
nn.utils.parametrize.register_parametrization(nn.Linear(2, 2), 'foo', nn.ReLU())
nn.utils.parametrize.register_parametrization(nn.Linear(2, 2), 'weight', nn.Flatten(0))
nn.utils.parametrize.remove_parametrizations(nn.Linear(2, 2), 'weight')
nn.utils.parametrizations.orthogonal(nn.Linear(3, 3), orthogonal_map='foo')
nn.utils.parametrizations.orthogonal(nn.Linear(3, 3), 'bias')
nn.utils.rnn.pack_padded_sequence(z(4, 3), [2, 4, 1])
nn.utils.rnn.pack_padded_sequence(z(4, 3), [4, 2])
nn.utils.rnn.pack_padded_sequence(z(4, 3), [4, 4, 0])
nn.utils.rnn.pad_sequence([z(2)], padding_side='foo')
nn.utils.rnn.pad_sequence(3)
nn.utils.rnn.PackedSequence(z(3))
nn.utils.rnn.pack_sequence([z(3), z(2)])
nn.utils.prune.l1_unstructured(nn.Linear(4, 3), 'weight', amount=1.5)
nn.utils.prune.l1_unstructured(nn.Linear(4, 3), 'weight', amount=13)
nn.utils.prune.l1_unstructured(nn.Linear(4, 3), 'weight', amount='a')
nn.utils.prune.ln_structured(nn.Linear(4, 3), 'bias', amount=1, n=2, dim=0)
nn.utils.prune.remove(nn.Linear(4, 3), 'weight')
""".strip().split("\n")

# Initial values: each on an 8x6 tensor after manual_seed(42).
DRAWN = """
uniform_(t, -1, 2)
normal_(t, -1, 2)
trunc_normal_(t)
trunc_normal_(t, 1, 2, -1, 1.5)
trunc_normal_(t, 0, 1, 2, 3)
xavier_uniform_(t, 2)
xavier_normal_(t)
kaiming_uniform_(t, 0.3, 'fan_out')
kaiming_normal_(t, nonlinearity='relu')
orthogonal_(t, 2)
sparse_(t, 0.3)
eye_(t)
constant_(t, 3)
""".strip().split("\n")


def short(array):
    """Enough of an array to know it by: some numbers, and the sum of squares."""
    flat = np.asarray(array, dtype="float64").reshape(-1)
    return [float(f"{v:.7g}") for v in [*flat[:8], *flat[-2:], (flat**2).sum()]]


def building(text):
    torch.manual_seed(42)
    layer = eval("nn." + text, {"nn": nn, "zeros": torch.zeros})
    state, draws = [], {}
    for key, value in layer.state_dict().items():
        lazy = isinstance(value, nn.parameter.UninitializedTensorMixin)
        state.append([key, None if lazy else list(value.shape)])
        if not lazy and value.numel():
            draws[key] = short(value.numpy())
    names = [name for name, _ in layer.named_parameters()]
    return {"make": text, "repr": repr(layer), "state": state, "draws": draws, "names": names}


def filled(layer):
    for i, (key, value) in enumerate(layer.state_dict().items()):
        if value.is_floating_point():
            numbers = np.cos(np.arange(value.numel()) * 0.37 + i).astype("float32") * 0.5
            if key.endswith("running_var"):
                numbers = np.abs(numbers) + 0.5
            value.copy_(torch.from_numpy(numbers.reshape(value.shape)))


def given(shapes):
    for j, text in enumerate(shapes.split()):
        shape = [int(n) for n in text.strip("ic").split("x")]
        count = np.arange(int(np.prod(shape)))
        if text.startswith("i"):
            yield torch.from_numpy((count * 7 % 3).reshape(shape))
        else:
            numbers = np.sin(count * 0.73 + 0.3 * j).astype("float32").reshape(shape)
            yield torch.from_numpy(numbers).requires_grad_(not text.startswith("c"))


def tensors(found):
    if isinstance(found, torch.Tensor):
        return [found]
    return [t for part in found if part is not None for t in tensors(part)]


def calling(text, shapes, training):
    layer = eval("nn." + text, {"nn": nn})
    filled(layer)
    layer.train(training)
    inputs = list(given(shapes))
    outs = tensors(layer(*inputs))
    total = sum(
        (t * torch.cos(torch.arange(t.numel()) + 0.5).reshape(t.shape)).sum()
        for t in outs
        if t.is_floating_point()
    )
    total.backward()
    floats = [x for x in inputs if x.requires_grad]
    return {
        "make": text,
        "inputs": shapes,
        "training": training,
        "outs": [[list(t.shape), short(t.detach().numpy())] for t in outs],
        "grads": [None if x.grad is None else short(x.grad.numpy()) for x in floats],
        "param_grads": {
            k: short(p.grad.numpy()) for k, p in layer.named_parameters() if p.grad is not None
        },
        "buffers": {k: short(b.numpy()) for k, b in layer.named_buffers()},
    }


def saying(text):
    try:
        found = repr(eval(text, {"nn": nn, "torch": torch, "z": torch.zeros}))
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    return {"do": text, "said": found}


def drawing(text):
    torch.manual_seed(42)
    t = torch.zeros(8, 6)
    eval("init." + text, {"init": nn.init, "t": t})
    return {"do": text, "values": short(t.numpy()), "next": torch.rand(1).item()}


def main():
    warnings.simplefilter("ignore")
    import torch.nn.utils.prune  # noqa: F401

    rows = {
        "built": [building(text) for text in BUILT],
        "called": [calling(t, s, mode) for t, s in CALLED for mode in (True, False)],
        "said": [saying(text) for text in SAID],
        "drawn": [drawing(text) for text in DRAWN],
    }
    lines = []
    for name, part in rows.items():
        body = ",\n".join(json.dumps(row) for row in part)
        lines.append(f'"{name}": [\n{body}\n]')
    (HERE / "nn.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
