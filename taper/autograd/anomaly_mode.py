"""Anomaly detection: backward says which call made a NaN or failed, and where it was made."""

from __future__ import annotations

import warnings

from ..modes import state


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return state.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for NaN in gradients."""
    return state.check_nan


class set_detect_anomaly:
    """Turns anomaly detection on or off at once, and back again where used as a context manager."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = state.anomaly, state.check_nan
        state.anomaly, state.check_nan = mode, check_nan

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        state.anomaly, state.check_nan = self.before


class detect_anomaly:
    """Context manager: backward raises where a gradient is NaN, and shows the call it belongs
    to."""

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.before = state.anomaly, state.check_nan
        state.anomaly, state.check_nan = True, self.check_nan

    def __exit__(self, *_: object) -> None:
        state.anomaly, state.check_nan = self.before
