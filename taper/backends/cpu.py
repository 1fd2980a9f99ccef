"""`torch.backends.cpu`: what the processor can do."""

from pathlib import Path

__all__ = ["get_cpu_capability"]

CPU_FACTS = Path("/proc/cpuinfo")


def get_cpu_capability() -> str:
    """The widest vector instructions: "AVX512", "AVX2", or "DEFAULT" for anything else or
    unknown."""
    facts = CPU_FACTS.read_text().split() if CPU_FACTS.exists() else []
    if "avx512f" in facts:
        return "AVX512"
    return "AVX2" if "avx2" in facts else "DEFAULT"
