"""Short-time Fourier transforms and their inverse."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..shapes import show
from ..tensor import Tensor
from . import fourier
from .creation import from_array, ones, zeros
from .gathering import index_add
from .padding import constant_pad_nd, pad
from .reduction import amin
from .views import unfold, view_as_real

__all__ = ["istft", "stft"]


def _frame(
    name: str,
    x: Tensor,
    n_fft: int,
    hop: int | None,
    width: int | None,
    window: Tensor | None,
    most: int | None = None,
) -> tuple[int, Tensor]:
    """The hop, and the window set in the middle of `n_fft` points."""
    hop = n_fft // 4 if hop is None else hop
    width = n_fft if width is None else width
    about = f"{name}({x.type()}{show(x.shape)}, n_fft={n_fft}, hop_length={hop}, "
    about += f"win_length={width})"
    if n_fft <= 0 or (most is not None and n_fft > most):
        raise RuntimeError(f"{about} : expected 0 < n_fft < {most}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"{about} : expected hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise RuntimeError(
            f"{about} : expected 0 < win_length <= n_fft, but got win_length={width}"
        )
    if window is not None and tuple(window.shape) != (width,):
        raise RuntimeError(
            f"{about} : expected a 1D window tensor of size equal to win_length={width}, but got "
            f"window with size {show(window.shape)}"
        )
    if window is None:
        kind = x.dtype.to_real() if x.dtype.inexact else dtypes.get_default()
        window = ones(width, dtype=kind, device=x.device)
    if width < n_fft:
        left = (n_fft - width) // 2
        window = constant_pad_nd(window, (left, n_fft - width - left))
    return hop, window


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """Fourier transforms of windows that slide over signals [..., L]: [..., frequencies, windows].

    With `center` a window lies around every `hop_length`-th point, over borders of `pad_mode`.
    Real signals give the first n_fft // 2 + 1 frequencies, unless `onesided` is False. Raises
    RuntimeError for sizes that do not fit, and where `return_complex` is left out for reals.
    """
    complex_ = input.dtype.is_complex or (window is not None and window.dtype.is_complex)
    if return_complex is None:
        if not complex_:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will "
                "further require that return_complex=True in a future PyTorch release."
            )
        return_complex = True
    if not input.dtype.inexact:
        raise RuntimeError(
            f"stft({input.type()}{show(input.shape)}) : expected a tensor of floating point or "
            "complex values"
        )
    if input.dim() not in (1, 2):
        raise RuntimeError(f"stft({input.type()}{show(input.shape)}) : expected a 1D or 2D tensor")
    if onesided is None:
        onesided = not complex_
    if onesided and complex_:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    x = input if input.dim() == 2 else input.unsqueeze(0)
    if center:
        half = n_fft // 2
        x = pad(x.unsqueeze(1), (half, half), pad_mode).squeeze(1)
    hop, window = _frame("stft", x, n_fft, hop_length, win_length, window, x.shape[-1])
    frames = unfold(x, 1, n_fft, hop) * window
    norm = "ortho" if normalized else None
    found = (fourier.rfft if onesided else fourier.fft)(frames, norm=norm).transpose(1, 2)
    found = found if input.dim() == 2 else found.squeeze(0)
    return found if return_complex else view_as_real(found)


def _joined(frames: Tensor, hop: int) -> Tensor:
    """Frames [B, T, n] added up, each `hop` after the one before: [B, n + hop (T - 1)]."""
    batch, count, n = frames.shape
    numbers = (np.arange(count)[:, None] * hop + np.arange(n)).reshape(-1)
    start = zeros(batch, n + hop * (count - 1), dtype=frames.dtype, device=frames.device)
    places = from_array(numbers, frames.device)
    return index_add(start, 1, places, frames.reshape(batch, count * n))


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signals that `stft` transformed: overlapping frames added, over the squared windows.

    Raises RuntimeError for input that is no result of `stft`, and for windows whose squares add up
    to nearly nothing somewhere.
    """
    if not input.dtype.is_complex:
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    about = f"istft({input.type()}{show(input.shape)}, n_fft={n_fft})"
    if not input.numel():
        raise RuntimeError(f"{about} : input tensor cannot be empty.")
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"{about} : expected a tensor with 3 or 4 dimensions, but got {input.dim() + 1}"
        )
    x = input if input.dim() == 3 else input.unsqueeze(0)
    if onesided is None:
        onesided = x.shape[1] != n_fft
    wanted = n_fft // 2 + 1 if onesided else n_fft
    if x.shape[1] != wanted:
        raise RuntimeError(
            f"{about} : expected the frequency dimension (3rd to the last) of the input tensor to "
            f"match {'n_fft / 2 + 1' if onesided else 'n_fft'} when onesided="
            f"{'true' if onesided else 'false'}, but got {x.shape[1]}"
        )
    if return_complex and onesided:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    hop, window = _frame("istft", x, n_fft, hop_length, win_length, window)
    norm, frames = "ortho" if normalized else None, x.transpose(1, 2)
    if return_complex:
        frames = fourier.ifft(frames, norm=norm)
    else:  # of both sides the first alone counts
        frames = fourier.irfft(frames[:, :, : n_fft // 2 + 1], n_fft, norm=norm)
    squares = (window * window).reshape(1, 1, n_fft).expand(1, x.shape[2], n_fft)
    found, weight = _joined(frames * window, hop), _joined(squares, hop)
    start, whole = n_fft // 2 if center else 0, found.shape[1]
    stop = start + length if length is not None else whole - (n_fft // 2 if center else 0)
    found, weight = found[:, start:stop], weight[:, start:stop]
    least = float(amin(weight.abs()))
    if not least > 1e-11:
        raise RuntimeError(f"{about}window overlap add min: {least:g}")
    found = found / weight
    if stop > whole:
        found = constant_pad_nd(found, (0, stop - whole))
    return found if input.dim() == 3 else found.squeeze(0)
