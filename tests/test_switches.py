"""PyTorch's switches are remembered and refuse what PyTorch refuses."""

import pytest

import taper as torch


def test_deterministic_algorithms():
    assert not torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    assert torch.get_deterministic_debug_mode() == 1
    torch.set_deterministic_debug_mode("error")
    assert torch.get_deterministic_debug_mode() == 2
    torch.use_deterministic_algorithms(False)
    assert torch.get_deterministic_debug_mode() == 0
    with pytest.raises(TypeError, match="must be bool, not int"):
        torch.use_deterministic_algorithms(3)
    with pytest.raises(RuntimeError, match="but got x"):
        torch.set_deterministic_debug_mode("x")


def test_precision_of_products():
    assert torch.get_float32_matmul_precision() == "highest"
    torch.set_float32_matmul_precision("high")
    assert torch.get_float32_matmul_precision() == "high"
    with pytest.warns(UserWarning, match="x is not one of"):
        torch.set_float32_matmul_precision("x")
    torch.set_float32_matmul_precision("highest")


def test_threads_and_device():
    with pytest.raises(RuntimeError, match="expects a positive integer"):
        torch.set_num_interop_threads(0)
    assert torch.get_num_interop_threads() >= 1
    assert torch.get_default_device() == torch.device("cpu")
    assert torch.set_flush_denormal(True) is False


def test_constants():
    assert torch.inf == float("inf") and torch.nan != torch.nan
    assert torch.newaxis is None and round(torch.pi, 4) == 3.1416 and round(torch.e, 4) == 2.7183


def test_backends():
    cudnn = torch.backends.cudnn
    assert (cudnn.enabled, cudnn.benchmark, cudnn.deterministic) == (True, False, False)
    with cudnn.flags(enabled=False, deterministic=True):
        assert cudnn.deterministic and not cudnn.enabled
    assert cudnn.enabled and not cudnn.deterministic and cudnn.version() is None
    with torch.backends.mkldnn.flags(enabled=False):
        assert not torch.backends.mkldnn.enabled
    torch.backends.cuda.matmul.allow_tf32 = True
    assert torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    found = [torch.backends.mps, torch.backends.mkl, torch.backends.mkldnn, torch.backends.openmp]
    assert not any(m.is_available() for m in found)
    assert torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "AVX2", "AVX512")


def test_accelerators():
    assert torch.accelerator.current_accelerator() is None
    assert not torch.accelerator.is_available() and not torch.xpu.is_available()
    assert not torch.mps.is_available() and torch.cpu.is_available()


def test_config_names_versions():
    assert torch.__version__ in torch.__config__.show()
    assert str(torch.get_num_threads()) in torch.__config__.parallel_info()
