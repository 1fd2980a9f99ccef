"""Binds functions to Tensor, each by plain assignment."""

from __future__ import annotations

from .autograd import gradients
from .functions import (
    arithmetic,
    bits,
    comparison,
    conversion,
    copies,
    creation,
    differences,
    elementary,
    gamma,
    gathering,
    indexing,
    joining,
    linalg,
    memory,
    native,
    norms,
    order,
    places,
    pointwise,
    products,
    random,
    reduction,
    rounding,
    scans,
    sorting,
    sparse,
    special,
    spectral,
    spectrogram,
    statistics,
    views,
)
from .tensor import Tensor

# ---------------------------------------------------------------- creation
Tensor._legacy_new = staticmethod(creation.legacy_new)
Tensor.new = creation.new
Tensor.new_tensor, Tensor.new_full = creation.new_tensor, creation.new_full
Tensor.new_zeros, Tensor.new_ones = creation.new_zeros, creation.new_ones
Tensor.new_empty, Tensor.new_empty_strided = creation.new_empty, creation.new_empty_strided

# ---------------------------------------------------------------- autograd
Tensor.backward = gradients.tensor_backward

# ---------------------------------------------------------------- views
Tensor.view, Tensor.view_as = views.view, views.view_as
Tensor.reshape, Tensor.reshape_as = views.reshape, views.reshape_as
Tensor.flatten, Tensor.ravel, Tensor.unflatten = views.flatten, views.ravel, views.unflatten
Tensor.squeeze, Tensor.unsqueeze = views.squeeze, views.unsqueeze
Tensor.permute, Tensor.transpose, Tensor.t = views.permute, views.transpose, views.t
Tensor.swapaxes, Tensor.swapdims = views.swapaxes, views.swapdims
Tensor.movedim, Tensor.moveaxis = views.movedim, views.moveaxis
Tensor.T, Tensor.mT = property(views.numpy_T), property(views.matrix_T)
Tensor.H, Tensor.mH = property(views.matrix_H), property(views.adjoint)
Tensor.adjoint = views.adjoint
Tensor.narrow, Tensor.select, Tensor.unbind = views.narrow, views.select, views.unbind
Tensor.split, Tensor.split_with_sizes = views.split, views.split_with_sizes
Tensor.chunk, Tensor.tensor_split = views.chunk, views.tensor_split
Tensor.hsplit, Tensor.vsplit, Tensor.dsplit = views.hsplit, views.vsplit, views.dsplit
Tensor.expand, Tensor.expand_as = views.expand, views.expand_as
Tensor.broadcast_to, Tensor.as_strided = views.broadcast_to, views.as_strided
Tensor.diagonal, Tensor.unfold = views.diagonal, views.unfold
Tensor.real, Tensor.imag = property(views.real), property(views.imag)
Tensor.detach_ = views.detach_
Tensor.select_scatter, Tensor.slice_scatter = copies.select_scatter, copies.slice_scatter
Tensor.diagonal_scatter, Tensor.as_strided_scatter = (
    copies.diagonal_scatter,
    copies.as_strided_scatter,
)
Tensor.narrow_copy, Tensor.unsafe_split_with_sizes = (
    copies.narrow_copy,
    copies.unsafe_split_with_sizes,
)
Tensor.unsafe_split, Tensor.unsafe_chunk = copies.unsafe_split, copies.unsafe_chunk
Tensor.resize_, Tensor.resize_as_ = copies.resize_, copies.resize_as_

# ---------------------------------------------------------------- indexing
Tensor.__getitem__, Tensor.__setitem__ = indexing.getitem, indexing.setitem
Tensor.index_put, Tensor.index_put_ = indexing.index_put, indexing.index_put_
Tensor.masked_fill, Tensor.masked_fill_ = indexing.masked_fill, indexing.masked_fill_
Tensor.masked_select = indexing.masked_select
Tensor.nonzero, Tensor.argwhere = indexing.nonzero, indexing.argwhere
Tensor.nonzero_static = places.nonzero_static

# ---------------------------------------------------------------- arithmetic
Tensor.add, Tensor.add_, Tensor.sub, Tensor.sub_ = (
    arithmetic.add,
    arithmetic.add_,
    arithmetic.sub,
    arithmetic.sub_,
)
Tensor.subtract, Tensor.subtract_ = arithmetic.subtract, arithmetic.subtract_
Tensor.mul, Tensor.mul_ = arithmetic.mul, arithmetic.mul_
Tensor.multiply, Tensor.multiply_ = arithmetic.multiply, arithmetic.multiply_
Tensor.div, Tensor.div_ = arithmetic.div, arithmetic.div_
Tensor.divide, Tensor.divide_ = arithmetic.divide, arithmetic.divide_
Tensor.true_divide, Tensor.true_divide_ = arithmetic.true_divide, arithmetic.true_divide_
Tensor.floor_divide, Tensor.floor_divide_ = arithmetic.floor_divide, arithmetic.floor_divide_
Tensor.remainder, Tensor.remainder_ = arithmetic.remainder, arithmetic.remainder_
Tensor.fmod, Tensor.fmod_ = arithmetic.fmod, arithmetic.fmod_
Tensor.reciprocal, Tensor.reciprocal_ = arithmetic.reciprocal, arithmetic.reciprocal_
Tensor.pow, Tensor.pow_ = arithmetic.pow, arithmetic.pow_
Tensor.float_power, Tensor.float_power_ = arithmetic.float_power, arithmetic.float_power_
Tensor.square, Tensor.square_ = arithmetic.square, arithmetic.square_
Tensor.neg, Tensor.neg_ = arithmetic.neg, arithmetic.neg_
Tensor.negative, Tensor.negative_ = arithmetic.negative, arithmetic.negative_
Tensor.positive = arithmetic.positive
Tensor.abs, Tensor.abs_ = arithmetic.abs, arithmetic.abs_
Tensor.absolute, Tensor.absolute_ = arithmetic.absolute, arithmetic.absolute_
Tensor.addcmul, Tensor.addcmul_ = arithmetic.addcmul, arithmetic.addcmul_
Tensor.addcdiv, Tensor.addcdiv_ = arithmetic.addcdiv, arithmetic.addcdiv_
Tensor.lerp, Tensor.lerp_ = arithmetic.lerp, arithmetic.lerp_
Tensor.__add__, Tensor.__radd__, Tensor.__iadd__ = (
    arithmetic.plus,
    arithmetic.plus,
    arithmetic.plus_,
)
Tensor.__sub__, Tensor.__rsub__, Tensor.__isub__ = (
    arithmetic.minus,
    arithmetic.rminus,
    arithmetic.minus_,
)
Tensor.__mul__, Tensor.__rmul__, Tensor.__imul__ = (
    arithmetic.times,
    arithmetic.times,
    arithmetic.times_,
)
Tensor.__truediv__, Tensor.__rtruediv__ = arithmetic.over, arithmetic.rover
Tensor.__itruediv__, Tensor.__div__ = arithmetic.over_, arithmetic.over
Tensor.__idiv__, Tensor.__rdiv__ = arithmetic.over_, arithmetic.rover
Tensor.__floordiv__, Tensor.__rfloordiv__ = arithmetic.floor_over, arithmetic.rfloor_over
Tensor.__ifloordiv__ = arithmetic.floor_over_
Tensor.__mod__, Tensor.__rmod__, Tensor.__imod__ = (
    arithmetic.modulo,
    arithmetic.rmodulo,
    arithmetic.modulo_,
)
Tensor.__pow__, Tensor.__rpow__, Tensor.__ipow__ = (
    arithmetic.power,
    arithmetic.rpower,
    arithmetic.power_,
)
Tensor.__neg__, Tensor.__pos__, Tensor.__abs__ = arithmetic.neg, arithmetic.positive, arithmetic.abs

# ---------------------------------------------------------------- elementary functions
Tensor.sqrt, Tensor.sqrt_ = elementary.sqrt, elementary.sqrt_
Tensor.rsqrt, Tensor.rsqrt_ = elementary.rsqrt, elementary.rsqrt_
Tensor.exp, Tensor.exp_ = elementary.exp, elementary.exp_
Tensor.exp2, Tensor.exp2_ = elementary.exp2, elementary.exp2_
Tensor.expm1, Tensor.expm1_ = elementary.expm1, elementary.expm1_
Tensor.log, Tensor.log_ = elementary.log, elementary.log_
Tensor.log2, Tensor.log2_ = elementary.log2, elementary.log2_
Tensor.log10, Tensor.log10_ = elementary.log10, elementary.log10_
Tensor.log1p, Tensor.log1p_ = elementary.log1p, elementary.log1p_
Tensor.sin, Tensor.sin_ = elementary.sin, elementary.sin_
Tensor.cos, Tensor.cos_ = elementary.cos, elementary.cos_
Tensor.tan, Tensor.tan_ = elementary.tan, elementary.tan_
Tensor.asin, Tensor.asin_ = elementary.asin, elementary.asin_
Tensor.acos, Tensor.acos_ = elementary.acos, elementary.acos_
Tensor.atan, Tensor.atan_ = elementary.atan, elementary.atan_
Tensor.sinh, Tensor.sinh_ = elementary.sinh, elementary.sinh_
Tensor.cosh, Tensor.cosh_ = elementary.cosh, elementary.cosh_
Tensor.tanh, Tensor.tanh_ = elementary.tanh, elementary.tanh_
Tensor.asinh, Tensor.asinh_ = elementary.asinh, elementary.asinh_
Tensor.acosh, Tensor.acosh_ = elementary.acosh, elementary.acosh_
Tensor.atanh, Tensor.atanh_ = elementary.atanh, elementary.atanh_
Tensor.sigmoid, Tensor.sigmoid_ = elementary.sigmoid, elementary.sigmoid_
Tensor.arcsin, Tensor.arcsin_ = elementary.arcsin, elementary.arcsin_
Tensor.arccos, Tensor.arccos_ = elementary.arccos, elementary.arccos_
Tensor.arctan, Tensor.arctan_ = elementary.arctan, elementary.arctan_
Tensor.arcsinh, Tensor.arcsinh_ = elementary.arcsinh, elementary.arcsinh_
Tensor.arccosh, Tensor.arccosh_ = elementary.arccosh, elementary.arccosh_
Tensor.arctanh, Tensor.arctanh_ = elementary.arctanh, elementary.arctanh_
Tensor.deg2rad, Tensor.deg2rad_ = elementary.deg2rad, elementary.deg2rad_
Tensor.rad2deg, Tensor.rad2deg_ = elementary.rad2deg, elementary.rad2deg_
Tensor.sinc, Tensor.sinc_ = elementary.sinc, elementary.sinc_
Tensor.logit, Tensor.logit_ = elementary.logit, elementary.logit_
Tensor.atan2, Tensor.atan2_ = elementary.atan2, elementary.atan2_
Tensor.arctan2, Tensor.arctan2_ = elementary.arctan2, elementary.arctan2_
Tensor.xlogy, Tensor.xlogy_ = elementary.xlogy, elementary.xlogy_
Tensor.angle = elementary.angle
Tensor.logaddexp, Tensor.logaddexp2 = elementary.logaddexp, elementary.logaddexp2

# ---------------------------------------------------------------- pointwise
Tensor.where = pointwise.where_method
Tensor.clamp, Tensor.clamp_, Tensor.clip, Tensor.clip_ = (
    pointwise.clamp,
    pointwise.clamp_,
    pointwise.clip,
    pointwise.clip_,
)
Tensor.clamp_min, Tensor.clamp_min_ = pointwise.clamp_min, pointwise.clamp_min_
Tensor.clamp_max, Tensor.clamp_max_ = pointwise.clamp_max, pointwise.clamp_max_
Tensor.maximum, Tensor.minimum = pointwise.maximum, pointwise.minimum
Tensor.fmax, Tensor.fmin = pointwise.fmax, pointwise.fmin
Tensor.sign, Tensor.sign_, Tensor.sgn, Tensor.sgn_ = (
    pointwise.sign,
    pointwise.sign_,
    pointwise.sgn,
    pointwise.sgn_,
)
Tensor.copysign, Tensor.copysign_ = pointwise.copysign, pointwise.copysign_
Tensor.heaviside, Tensor.heaviside_ = pointwise.heaviside, pointwise.heaviside_
Tensor.hypot, Tensor.hypot_ = pointwise.hypot, pointwise.hypot_
Tensor.ldexp, Tensor.ldexp_, Tensor.frexp = pointwise.ldexp, pointwise.ldexp_, pointwise.frexp
Tensor.nextafter, Tensor.nextafter_ = pointwise.nextafter, pointwise.nextafter_
Tensor.nan_to_num, Tensor.nan_to_num_ = pointwise.nan_to_num, pointwise.nan_to_num_
Tensor.conj_physical, Tensor.conj_physical_ = pointwise.conj_physical, pointwise.conj_physical_
Tensor.conj, Tensor.resolve_conj, Tensor.resolve_neg = (
    pointwise.conj,
    pointwise.resolve_conj,
    pointwise.resolve_neg,
)

# ---------------------------------------------------------------- rounding
Tensor.floor, Tensor.floor_, Tensor.ceil, Tensor.ceil_ = (
    rounding.floor,
    rounding.floor_,
    rounding.ceil,
    rounding.ceil_,
)
Tensor.trunc, Tensor.trunc_, Tensor.fix, Tensor.fix_ = (
    rounding.trunc,
    rounding.trunc_,
    rounding.fix,
    rounding.fix_,
)
Tensor.round, Tensor.round_, Tensor.frac, Tensor.frac_ = (
    rounding.round,
    rounding.round_,
    rounding.frac,
    rounding.frac_,
)

# ---------------------------------------------------------------- bits
Tensor.bitwise_and, Tensor.bitwise_and_ = bits.bitwise_and, bits.bitwise_and_
Tensor.bitwise_or, Tensor.bitwise_or_ = bits.bitwise_or, bits.bitwise_or_
Tensor.bitwise_xor, Tensor.bitwise_xor_ = bits.bitwise_xor, bits.bitwise_xor_
Tensor.bitwise_not, Tensor.bitwise_not_ = bits.bitwise_not, bits.bitwise_not_
Tensor.bitwise_left_shift, Tensor.bitwise_left_shift_ = (
    bits.bitwise_left_shift,
    bits.bitwise_left_shift_,
)
Tensor.bitwise_right_shift = bits.bitwise_right_shift
Tensor.bitwise_right_shift_ = bits.bitwise_right_shift_
Tensor.logical_and, Tensor.logical_and_ = bits.logical_and, bits.logical_and_
Tensor.logical_or, Tensor.logical_or_ = bits.logical_or, bits.logical_or_
Tensor.logical_xor, Tensor.logical_xor_ = bits.logical_xor, bits.logical_xor_
Tensor.logical_not, Tensor.logical_not_ = bits.logical_not, bits.logical_not_
Tensor.gcd, Tensor.gcd_, Tensor.lcm, Tensor.lcm_ = bits.gcd, bits.gcd_, bits.lcm, bits.lcm_
Tensor.__and__, Tensor.__rand__, Tensor.__iand__ = bits.both, bits.both, bits.both_
Tensor.__or__, Tensor.__ror__, Tensor.__ior__ = bits.either, bits.either, bits.either_
Tensor.__xor__, Tensor.__rxor__, Tensor.__ixor__ = bits.unlike, bits.unlike, bits.unlike_
Tensor.__lshift__, Tensor.__rlshift__, Tensor.__ilshift__ = bits.lshift, bits.rlshift, bits.lshift_
Tensor.__rshift__, Tensor.__rrshift__, Tensor.__irshift__ = bits.rshift, bits.rrshift, bits.rshift_
Tensor.__invert__ = bits.invert

# ---------------------------------------------------------------- comparison
Tensor.eq, Tensor.eq_, Tensor.ne, Tensor.ne_ = (
    comparison.eq,
    comparison.eq_,
    comparison.ne,
    comparison.ne_,
)
Tensor.lt, Tensor.lt_, Tensor.le, Tensor.le_ = (
    comparison.lt,
    comparison.lt_,
    comparison.le,
    comparison.le_,
)
Tensor.gt, Tensor.gt_, Tensor.ge, Tensor.ge_ = (
    comparison.gt,
    comparison.gt_,
    comparison.ge,
    comparison.ge_,
)
Tensor.not_equal, Tensor.not_equal_ = comparison.not_equal, comparison.not_equal_
Tensor.less, Tensor.less_ = comparison.less, comparison.less_
Tensor.less_equal, Tensor.less_equal_ = comparison.less_equal, comparison.less_equal_
Tensor.greater, Tensor.greater_ = comparison.greater, comparison.greater_
Tensor.greater_equal, Tensor.greater_equal_ = comparison.greater_equal, comparison.greater_equal_
Tensor.__eq__, Tensor.__ne__ = comparison.equals, comparison.differs
Tensor.__lt__, Tensor.__le__ = comparison.below, comparison.at_most
Tensor.__gt__, Tensor.__ge__ = comparison.above, comparison.at_least
Tensor.isclose, Tensor.allclose, Tensor.equal = (
    comparison.isclose,
    comparison.allclose,
    comparison.equal,
)
Tensor.isnan, Tensor.isinf, Tensor.isfinite = (
    comparison.isnan,
    comparison.isinf,
    comparison.isfinite,
)
Tensor.isposinf, Tensor.isneginf = comparison.isposinf, comparison.isneginf
Tensor.isreal, Tensor.signbit = comparison.isreal, comparison.signbit

# ---------------------------------------------------------------- conversion
Tensor.to, Tensor.type, Tensor.type_as = conversion.to, conversion.type_, conversion.type_as
Tensor.cpu, Tensor.cuda = conversion.cpu, conversion.cuda
Tensor.float, Tensor.double, Tensor.half = (
    conversion.to_float,
    conversion.to_double,
    conversion.to_half,
)
Tensor.bfloat16, Tensor.bool, Tensor.byte = (
    conversion.to_bfloat16,
    conversion.to_bool,
    conversion.to_byte,
)
Tensor.long, Tensor.int, Tensor.short = conversion.to_long, conversion.to_int, conversion.to_short
Tensor.char = conversion.to_char
Tensor.cfloat, Tensor.cdouble = conversion.to_cfloat, conversion.to_cdouble
Tensor.clone, Tensor.contiguous = conversion.clone, conversion.contiguous
Tensor.is_contiguous = conversion.is_contiguous
Tensor.copy_, Tensor.fill_, Tensor.zero_ = conversion.copy_, conversion.fill_, conversion.zero_
Tensor.is_nonzero, Tensor.is_same_size = conversion.is_nonzero, conversion.is_same_size
Tensor.is_conj, Tensor.is_neg = conversion.is_conj, conversion.is_neg
Tensor.is_inference, Tensor.is_distributed = conversion.is_inference, conversion.is_distributed
Tensor.is_shared, Tensor.is_pinned = conversion.never, conversion.never
Tensor.is_cpu, Tensor.is_cuda = property(conversion.on_cpu), property(conversion.on_cuda)
Tensor.is_meta, Tensor.is_sparse = property(conversion.on_meta), property(conversion.never)
Tensor.is_sparse_csr, Tensor.is_quantized = property(conversion.never), property(conversion.never)
Tensor.is_mkldnn, Tensor.is_nested = property(conversion.never), property(conversion.never)
Tensor.is_mps, Tensor.is_xpu = property(conversion.never), property(conversion.never)
Tensor.__contains__, Tensor.__array_wrap__ = conversion.contains, conversion.array_wrap
Tensor.get_device = conversion.get_device
Tensor.apply_, Tensor.map_, Tensor.map2_ = conversion.apply_each_, conversion.map_, conversion.map2_
Tensor.to_sparse, Tensor.to_dense = sparse.to_sparse, sparse.to_dense

# ---------------------------------------------------------------- reduction
Tensor.sum, Tensor.nansum, Tensor.mean = reduction.sum, reduction.nansum, reduction.mean
Tensor.nanmean, Tensor.prod, Tensor.count_nonzero = (
    reduction.nanmean,
    reduction.prod,
    reduction.count_nonzero,
)
Tensor.max, Tensor.min, Tensor.aminmax = reduction.max, reduction.min, reduction.aminmax
Tensor.amax, Tensor.amin = reduction.amax, reduction.amin
Tensor.argmax, Tensor.argmin = reduction.argmax, reduction.argmin
Tensor.any, Tensor.all, Tensor.logsumexp = reduction.any, reduction.all, reduction.logsumexp

# ---------------------------------------------------------------- error and gamma functions
Tensor.erf, Tensor.erf_, Tensor.erfc, Tensor.erfc_ = gamma.erf, gamma.erf_, gamma.erfc, gamma.erfc_
Tensor.erfinv, Tensor.erfinv_ = gamma.erfinv, gamma.erfinv_
Tensor.lgamma, Tensor.lgamma_ = gamma.lgamma, gamma.lgamma_
Tensor.digamma, Tensor.digamma_ = gamma.digamma, gamma.digamma_
Tensor.polygamma, Tensor.polygamma_ = gamma.polygamma_method, gamma.polygamma_
Tensor.mvlgamma, Tensor.mvlgamma_ = gamma.mvlgamma, gamma.mvlgamma_
Tensor.i0, Tensor.i0_ = gamma.i0, gamma.i0_
Tensor.igamma, Tensor.igammac = special.igamma, special.igammac
Tensor.stft, Tensor.istft = spectrogram.stft, spectrogram.istft

# ---------------------------------------------------------------- norms, statistics, order, scans
Tensor.norm, Tensor.dist = norms.norm, norms.dist
Tensor.var, Tensor.std = statistics.var, statistics.std
Tensor.cov, Tensor.corrcoef = statistics.cov, statistics.corrcoef
Tensor.histc, Tensor.bincount, Tensor.histogram = (
    statistics.histc,
    statistics.bincount,
    statistics.histogram,
)
Tensor.median, Tensor.nanmedian = order.median, order.nanmedian
Tensor.quantile, Tensor.nanquantile = order.quantile, order.nanquantile
Tensor.kthvalue, Tensor.mode = order.kthvalue, order.mode
Tensor.cumsum, Tensor.cumsum_ = scans.cumsum, scans.cumsum_
Tensor.cumprod, Tensor.cumprod_ = scans.cumprod, scans.cumprod_
Tensor.cummax, Tensor.cummin = scans.cummax, scans.cummin
Tensor.logcumsumexp, Tensor.diff = scans.logcumsumexp, differences.diff
Tensor.renorm, Tensor.renorm_ = norms.renorm, norms.renorm_
Tensor.sum_to_size = reduction.sum_to_size

# ---------------------------------------------------------------- products
Tensor.matmul, Tensor.mm, Tensor.bmm = products.matmul, products.mm, products.bmm
Tensor.__matmul__, Tensor.__rmatmul__ = products.__matmul__, products.__rmatmul__
Tensor.mv, Tensor.dot, Tensor.outer, Tensor.ger = (
    products.mv,
    products.dot,
    products.outer,
    products.ger,
)
Tensor.addmm, Tensor.addmm_ = products.addmm, products.addmm_
Tensor.addmv, Tensor.addmv_ = products.addmv, products.addmv_
Tensor.addr, Tensor.addr_ = products.addr, products.addr_
Tensor.baddbmm, Tensor.baddbmm_ = products.baddbmm, products.baddbmm_
Tensor.addbmm, Tensor.addbmm_ = products.addbmm, products.addbmm_
Tensor.vdot, Tensor.inner, Tensor.kron = products.vdot, products.inner, products.kron
Tensor.cross, Tensor.matrix_power = products.cross, products.matrix_power

# ---------------------------------------------------------------- linear algebra
Tensor.inverse, Tensor.pinverse = linalg.inv, spectral.pinverse
Tensor.det, Tensor.logdet, Tensor.slogdet = linalg.det, linalg.logdet, linalg.slogdet_old
Tensor.cholesky, Tensor.qr, Tensor.svd = linalg.cholesky_old, linalg.qr_old, spectral.svd_old
Tensor.cholesky_solve, Tensor.cholesky_inverse = linalg.cholesky_solve, linalg.cholesky_inverse
Tensor.lu, Tensor.lu_solve = linalg.lu_old, linalg.lu_solve_old
Tensor.triangular_solve, Tensor.matrix_exp = linalg.triangular_solve, linalg.matrix_exp
Tensor.geqrf, Tensor.orgqr, Tensor.ormqr = linalg.geqrf, linalg.householder_product, linalg.ormqr

# ---------------------------------------------------------------- networks
Tensor.relu, Tensor.relu_, Tensor.prelu = native.relu, native.relu_, native.prelu
Tensor.softmax, Tensor.log_softmax = native.softmax, native.log_softmax
Tensor.hardshrink = native.hardshrink

# ---------------------------------------------------------------- random
Tensor.uniform_, Tensor.normal_, Tensor.bernoulli_ = (
    random.uniform_,
    random.normal_,
    random.bernoulli_,
)
Tensor.random_, Tensor.exponential_, Tensor.cauchy_ = (
    random.random_,
    random.exponential_,
    random.cauchy_,
)
Tensor.log_normal_, Tensor.geometric_ = random.log_normal_, random.geometric_
Tensor.bernoulli, Tensor.multinomial = random.bernoulli, random.multinomial

# ---------------------------------------------------------------- joining
Tensor.repeat, Tensor.tile = joining.repeat, joining.tile
Tensor.repeat_interleave = joining.repeat_interleave
Tensor.flip, Tensor.fliplr, Tensor.flipud = joining.flip, joining.fliplr, joining.flipud
Tensor.rot90, Tensor.roll = joining.rot90, joining.roll
Tensor.tril, Tensor.triu, Tensor.tril_, Tensor.triu_ = (
    joining.tril,
    joining.triu,
    joining.tril_,
    joining.triu_,
)
Tensor.diag, Tensor.diagflat, Tensor.diag_embed = joining.diag, joining.diagflat, joining.diag_embed
Tensor.trace = joining.trace

# ---------------------------------------------------------------- gathering
Tensor.gather, Tensor.take, Tensor.take_along_dim = (
    gathering.gather,
    gathering.take,
    gathering.take_along_dim,
)
Tensor.index_select = gathering.index_select
Tensor.scatter, Tensor.scatter_ = gathering.scatter, gathering.scatter_
Tensor.scatter_add, Tensor.scatter_add_ = gathering.scatter_add, gathering.scatter_add_
Tensor.scatter_reduce, Tensor.scatter_reduce_ = gathering.scatter_reduce, gathering.scatter_reduce_
Tensor.index_add, Tensor.index_add_ = gathering.index_add, gathering.index_add_
Tensor.index_copy, Tensor.index_copy_ = gathering.index_copy, gathering.index_copy_
Tensor.index_fill, Tensor.index_fill_ = gathering.index_fill, gathering.index_fill_
Tensor.index_reduce, Tensor.index_reduce_ = gathering.index_reduce, gathering.index_reduce_
Tensor.put, Tensor.put_ = gathering.put, gathering.put_
Tensor.masked_scatter, Tensor.masked_scatter_ = gathering.masked_scatter, gathering.masked_scatter_

# ---------------------------------------------------------------- sorting
Tensor.sort, Tensor.argsort, Tensor.msort, Tensor.topk = (
    sorting.sort,
    sorting.argsort,
    sorting.msort,
    sorting.topk,
)
Tensor.unique, Tensor.unique_consecutive = sorting.unique, sorting.unique_consecutive

# ---------------------------------------------------------------- memory
Tensor.data_ptr, Tensor.pin_memory, Tensor.is_pinned = (
    memory.data_ptr,
    memory.pin_memory,
    memory.is_pinned,
)
Tensor.__dlpack__, Tensor.__dlpack_device__ = memory.to_dlpack, memory.dlpack_device
Tensor.t_, Tensor.transpose_ = memory.t_, memory.transpose_
Tensor.squeeze_, Tensor.unsqueeze_ = memory.squeeze_, memory.unsqueeze_
