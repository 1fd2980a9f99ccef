"""What the processor offers: its features, vector width and number of registers."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm

X86_LEVELS = {
    "sse2": ("x86-64", 16, 16),
    "avx2": ("x86-64-v3", 32, 16),
    "avx512": ("x86-64-v4", 64, 32),
}
# What each level stands on beyond the one before it; `x86-64-v3` and `-v4` use all of these.
_NEEDS = {
    "sse2": (),
    "avx2": ("avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt", "movbe"),
    "avx512": ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
}


@dataclass(frozen=True)
class Target:
    """A processor to compile for.

    `vector_bytes` and `vector_registers` shape the loops and tiles; `fma` says whether a fused
    multiply-add is one instruction (without it the emitter multiplies, then adds); `masks`
    whether masked loads and stores are cheap.
    """

    level: str
    triple: str
    cpu: str
    features: str
    vector_bytes: int
    vector_registers: int
    fma: bool
    masks: bool

    def lanes(self, bits: int) -> int:
        """How many numbers of `bits` bits (a bool counts as a byte) fill one vector register."""
        return self.vector_bytes * 8 // max(bits, 8)

    def machine(self) -> llvm.TargetMachine:
        """A fresh LLVM target machine; not to be shared between threads."""
        return llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.cpu, features=self.features, opt=3, reloc="pic", codemodel="default"
        )


def host_levels() -> tuple[str, ...]:
    """The values of TAPER_CPU this processor can run, `native` first."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ("native",)
    has = _host_features()
    levels = ["native"]
    for level in X86_LEVELS:
        if not all(has.get(name, False) for name in _NEEDS[level]):
            break
        levels.append(level)
    return tuple(levels)


@cache
def target(level: str = "native") -> Target:
    """The processor this program runs on, or a lesser level of it (`sse2`, `avx2`, `avx512`).

    Raises ValueError for a level the processor does not have.
    """
    _initialize()
    level = level or "native"
    levels = host_levels()
    if level not in levels:
        raise ValueError(
            f"TAPER_CPU={level!r} is not available on this processor: expected one of {levels}"
        )
    triple = llvm.get_process_triple()
    if level != "native":
        cpu, width, registers = X86_LEVELS[level]
        extra = "-prefer-256-bit" if level == "avx512" else ""
        fma, masks = level != "sse2", level == "avx512"
        return Target(level, triple, cpu, extra, width, registers, fma, masks)
    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    best = levels[-1]
    if best == "native":  # NEON: 32 registers of 16 bytes, and fma is always there
        return Target(level, triple, cpu, features, 16, 32, True, False)
    _, width, registers = X86_LEVELS[best]
    if (
        best == "avx512"
    ):  # LLVM shuns 512-bit registers on processors that once slowed down for them
        features += ",-prefer-256-bit"
    return Target(level, triple, cpu, features, width, registers, best != "sse2", best == "avx512")


@cache
def _host_features() -> dict[str, bool]:
    _initialize()
    return dict(llvm.get_host_cpu_features())


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
