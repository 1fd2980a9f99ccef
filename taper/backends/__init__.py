"""What runs a program: reference (numpy, the definition), llvm, xla; and PyTorch's switches of such
things."""

from . import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp
