"""Models: parameters with torchvision's names and first numbers, and what they compute."""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import taper
from taper.vision import models, transforms

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "data.json").read_text())["models"]

SIZES = {
    "resnet18": (11_689_512, 122),
    "resnet34": (21_797_672, 218),
    "resnet50": (25_557_032, 320),
    "mobilenet_v2": (3_504_872, 314),
    "lenet": (62_006, 10),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name):
    model = getattr(models, name)()
    count, entries = SIZES[name]
    assert sum(p.numel() for p in model.parameters()) == count
    assert len(model.state_dict()) == entries


@pytest.mark.parametrize("name", GOLDEN)
def test_first_numbers_are_those_of_torchvision(name):
    taper.manual_seed(0)
    state = getattr(models, name)(num_classes=10).state_dict()
    assert list(state) == list(GOLDEN[name])
    for key, (shape, first, total) in GOLDEN[name].items():
        flat = state[key].double().numpy().ravel()
        assert list(state[key].shape) == shape
        assert np.allclose(flat[:2], first, rtol=1e-5, atol=1e-7), key
        assert np.isclose(np.abs(flat).sum(), total, rtol=1e-5), key


def test_keys():
    keys = list(models.resnet18(num_classes=10).state_dict())
    assert keys[:6] == [
        "conv1.weight",
        "bn1.weight",
        "bn1.bias",
        "bn1.running_mean",
        "bn1.running_var",
        "bn1.num_batches_tracked",
    ]
    assert "layer2.0.downsample.1.running_var" in keys and keys[-2:] == ["fc.weight", "fc.bias"]
    keys = list(models.mobilenet_v2(num_classes=10).state_dict())
    assert keys[0] == "features.0.0.weight" and "features.18.1.running_mean" in keys
    assert "features.2.conv.1.0.weight" in keys and keys[-1] == "classifier.1.bias"


class Narrow(taper.nn.Linear):
    """A layer with a 64th of the features, which are many in this model."""

    def __init__(self, inside, outside):
        super().__init__(inside // 64, max(outside // 64, 1))


def test_vgg_layout(monkeypatch):
    monkeypatch.setattr(models.vgg, "_STAGES", {11: [[4], [4], [4] * 2, [4] * 2, [512]]})
    monkeypatch.setattr(models.vgg.nn, "Linear", Narrow)
    plain, normal = models.vgg11(num_classes=3), models.vgg11_bn(num_classes=3)
    assert [k for k in plain.state_dict() if k.startswith("features")][:4] == [
        "features.0.weight",
        "features.0.bias",
        "features.3.weight",
        "features.3.bias",
    ]
    assert "features.1.running_mean" in normal.state_dict()
    assert list(plain.state_dict())[-2:] == ["classifier.6.weight", "classifier.6.bias"]
    assert plain.classifier[0].in_features == 25088 // 64
    assert plain.features[0].bias.abs().sum().item() == 0


@pytest.mark.parametrize("name, side", [("resnet18", 64), ("mobilenet_v2", 64), ("lenet", 32)])
def test_forward_and_backward(name, side):
    taper.manual_seed(0)
    model = getattr(models, name)(num_classes=5)
    scores = model(taper.randn(2, 3, side, side))
    assert scores.shape == (2, 5)
    taper.nn.functional.cross_entropy(scores, taper.tensor([1, 3])).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_lenet_sizes():
    assert models.lenet(10, in_channels=1, image_size=28)(taper.rand(2, 1, 28, 28)).shape == (2, 10)
    with pytest.raises(ValueError, match="image_size must be at least 16, but got 12"):
        models.LeNet(image_size=12)


def test_arguments():
    with pytest.raises(ValueError, match="stride should be 1 or 2 instead of 3"):
        models.mobilenetv2.InvertedResidual(4, 4, 3, 1)
    with pytest.raises(ValueError, match="replace_stride_with_dilation should be None or a 3-elem"):
        models.resnet18(replace_stride_with_dilation=[True])
    zero = models.resnet18(num_classes=2, zero_init_residual=True)
    assert zero.layer1[0].bn2.weight.abs().sum().item() == 0
    with pytest.raises(TypeError, match="expected ResNet18_Weights but received ResNet50_Weights"):
        models.resnet18(weights=models.ResNet50_Weights.DEFAULT)
    with pytest.raises(ValueError, match="'num_classes' expected value 1000 but got 10 instead"):
        models.resnet18(weights="DEFAULT", num_classes=10)


def test_weights_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    taper.save({"a": taper.ones(2)}, tmp_path / "made.pth")
    content = (tmp_path / "made.pth").read_bytes()
    name = f"tiny-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(content)
    kind = models.weights.WeightsEnum("Tiny", {"V1": models.weights.imagenet(name)})
    assert kind.V1.get_state_dict()["a"].tolist() == [1.0, 1.0]
    assert kind.verify("V1") is kind.V1 and kind.V1.url.endswith(name)
    (folder / name).write_bytes(content + b"x")
    with pytest.raises(RuntimeError, match="invalid hash value"):
        kind.V1.get_state_dict()


def test_preset():
    image = pytest.importorskip("PIL.Image").new("RGB", (300, 260), (124, 116, 104))
    made = models.ResNet18_Weights.DEFAULT.transforms()(image)
    assert made.shape == (3, 224, 224) and made.abs().max().item() < 0.01
    assert isinstance(made, taper.Tensor) and transforms is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert models.ResNet50_Weights.DEFAULT is models.ResNet50_Weights.IMAGENET1K_V2
