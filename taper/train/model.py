"""The classifier that `taper train` trains, and the file that keeps it ready for use."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

import taper
from taper import Tensor, nn
from taper.files import replacing
from taper.nn import functional as F

_HIDDEN = (120, 84)


@dataclass(frozen=True)
class Card:
    """What one must know to use a trained classifier: its sizes, its classes, its pixel scale.

    Images have `channels` by `size` by `size` values in [0, 1], from which `mean` is subtracted and
    which are then divided by `std`, both per channel.
    """

    dataset: str
    classes: tuple[str, ...]
    channels: int
    size: int
    widths: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def build(self) -> LeNet:
        """A new classifier of these sizes."""
        return LeNet(self.channels, self.size, len(self.classes), self.widths)


class LeNet(nn.Module):
    """Two convolutions, each with ReLU and pooling, then three linear layers (LeCun et al. 1998).

    Takes (N, channels, size, size), gives (N, classes). Convolutions are 5x5 as in LeNet-5, and
    3x3 with a border for images too small for that.
    """

    def __init__(
        self, channels: int, size: int, classes: int, widths: tuple[int, int] = (6, 16)
    ) -> None:
        super().__init__()
        kernel, border = (5, 0) if size >= 20 else (3, 1)
        shrink = kernel - 1 - 2 * border
        side = ((size - shrink) // 2 - shrink) // 2
        self.conv1 = nn.Conv2d(channels, widths[0], kernel, padding=border)
        self.conv2 = nn.Conv2d(widths[0], widths[1], kernel, padding=border)
        self.fc1 = nn.Linear(widths[1] * side * side, _HIDDEN[0])
        self.fc2 = nn.Linear(_HIDDEN[0], _HIDDEN[1])
        self.fc3 = nn.Linear(_HIDDEN[1], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def save_model(path: str | os.PathLike[str], model: nn.Module, card: Card) -> None:
    """Write weights and card to `path`, whole or not at all."""
    with replacing(path) as file:
        taper.save({"card": asdict(card), "state_dict": model.state_dict()}, file)


def load_model(path: str | os.PathLike[str]) -> tuple[LeNet, Card]:
    """The classifier in evaluation mode, and its card, that `save_model` wrote to `path`."""
    kept: Any = taper.load(path, weights_only=True)
    if not isinstance(kept, dict) or not {"card", "state_dict"} <= kept.keys():
        raise ValueError(f"{os.fspath(path)} holds no model written by taper train")
    fields: dict[str, Any] = kept["card"]
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    card = Card(**fields)
    model = card.build()
    model.load_state_dict(kept["state_dict"])
    model.eval()
    return model, card
