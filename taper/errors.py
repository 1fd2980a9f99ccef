"""Exceptions and warnings that belong to Taper itself rather than to Python."""


class OutOfMemoryError(RuntimeError):
    """An allocation failed; everything computed before it is still usable."""


class MissingExtraError(ImportError):
    """A feature needs an optional library that is not installed."""

    def __init__(self, feature: str, library: str, extra: str) -> None:
        super().__init__(f"{feature} needs {library}: pip install 'taper[{extra}]'")


class LinAlgError(RuntimeError):
    """A linear-algebra routine met a matrix it cannot handle (PyTorch's
    `torch.linalg.LinAlgError`)."""
