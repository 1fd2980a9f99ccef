"""LeNet-5: two convolutions and three linear layers, for small pictures."""

from __future__ import annotations

from ... import nn
from ...nn import functional as F
from ...tensor import Tensor


class LeNet(nn.Module):
    """LeNet-5 (LeCun and others, 1998) with ReLU and max pooling.

    Takes images (N, in_channels, image_size, image_size), of 32 pixels unless told otherwise.
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 3, image_size: int = 32) -> None:
        super().__init__()
        side = ((image_size - 4) // 2 - 4) // 2
        if side < 1:
            raise ValueError(f"image_size must be at least 16, but got {image_size}")
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * side * side, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def lenet(num_classes: int = 10, in_channels: int = 3, image_size: int = 32) -> LeNet:
    """A LeNet-5."""
    return LeNet(num_classes, in_channels, image_size)
