"""Which class a trained classifier takes an image file for."""

from __future__ import annotations

import os

import taper
from taper.train.model import Card, LeNet
from taper.train.tasks import normalised


def predict(model: LeNet, card: Card, path: str | os.PathLike[str]) -> list[tuple[str, float]]:
    """Every class with its probability (softmax of the model's outputs), the likeliest first."""
    try:
        from PIL import Image
    except ImportError as error:
        message = "reading images needs Pillow: pip install 'taper[vision]'"
        raise ImportError(message, name="PIL") from error
    with Image.open(path) as file:
        image = normalised(card)(file.convert("RGB"))
    with taper.no_grad():
        shares = model(image.unsqueeze(0)).softmax(1)[0].tolist()
    return sorted(zip(card.classes, shares), key=lambda pair: -pair[1])
