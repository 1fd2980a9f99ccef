"""Large matrix products of a program: operands found in memory by their strides, kernels packed and
tiled."""

from __future__ import annotations

from math import prod

from ...ir.node import Node
from . import typed
from .affine import Var, of, steps
from .body import Body
from .dot import write_multiply
from .dot_plan import Batch, Dot, DotPlan, Layout, plan_dot
from .emit import Emitter, Unit
from .loops import Kernel
from .pack import Operands, write_pack
from .target import Target
from .values import F32, F64, I64, PTR, Value

LARGE = 1 << 17  # multiply-adds of one product from which tiles and panels pay


def large(node: Node) -> bool:
    """Whether a product gets kernels of its own."""
    if node.op.name != "dot" or typed.supported(node.dtype) is False:
        return False
    *_, m, k = node.inputs[0].shape
    n = node.shape[-1]
    return node.dtype.name in ("float32", "float64") and m * n * k >= LARGE and min(m, n, k) >= 8


def build(node: Node, held: set[Node], target: Target) -> list[Kernel] | None:
    """The kernels of a large product, packing first; None where an operand has no plain strides."""
    x, y = node.inputs
    body = Body(held)
    batch = [Var(n) for n in node.shape[:-2]]
    m, n, k = Var(node.shape[-2]), Var(node.shape[-1]), Var(x.shape[-1])
    lead = tuple(of(v) for v in batch)
    left = body.pull(x, (*lead, of(m), of(k)))
    right = body.pull(y, (*lead, of(k), of(n)))
    if left.kind != "load" or right.kind != "load":
        return None
    a, b = steps(left.index, [*batch, m, k]), steps(right.index, [*batch, k, n])
    if a is None or b is None:
        return None
    c = [m.size * n.size * prod(v.size for v in batch[i + 1 :]) for i in range(len(batch))]
    levels = tuple(Batch(v.size, (a[i], b[i], c[i])) for i, v in enumerate(batch) if v.size > 1)
    element = F32 if node.dtype.itemsize == 4 else F64
    dot = Dot(
        m.size,
        n.size,
        k.size,
        Layout(a[-2], a[-1]),
        Layout(b[-2], b[-1]),
        Layout(n.size, 1),
        element,
        levels,
    )
    starts = left.index.constant, right.index.constant
    plan = plan_dot(dot, target)
    reads = list(dict.fromkeys([left.node, right.node]))
    made = _Maker(node, plan, reads, (left.node, right.node), starts, target)
    return (
        [made.kernel(pack=True), made.kernel(pack=False)]
        if plan.panels
        else [made.kernel(pack=False)]
    )


class _Maker:
    def __init__(
        self,
        node: Node,
        plan: DotPlan,
        reads: list[Node],
        operands: tuple[Node, Node],
        starts: tuple[int, int],
        target: Target,
    ) -> None:
        self.node, self.plan, self.reads, self.operands = node, plan, reads, operands
        self.target = target
        self.bases = {n: min(s for x, s in zip(operands, starts) if x is n) for n in reads}
        self.starts = tuple(s - self.bases[n] for n, s in zip(operands, starts))

    def kernel(self, pack: bool) -> Kernel:
        """The packing kernel, or the product's."""
        unit = Unit(self.target)
        b = unit.function("kernel", (PTR, I64, I64))
        args, worker, workers = b.args
        given = self._operands(b, args)
        if pack:
            write_pack(b, self.plan, given, worker, workers)
        else:
            write_multiply(b, self.plan, given, worker, workers)
        b.ret()
        work = self.plan.dot.flops
        kernel = Kernel(unit.text(), self.node, self.reads, work, 0 if pack else work)
        kernel.scratch = self.plan.scratch * self.plan.dot.element.bits // 8
        kernel.starts = {n: k * n.dtype.itemsize for n, k in self.bases.items()}
        return kernel

    def _operands(self, b: Emitter, args: Value) -> Operands:
        places = {n: b.load(PTR, args, i + 1) for i, n in enumerate(self.reads)}
        out, scratch = (b.load(PTR, args, len(self.reads) + i) for i in (1, 2))
        element = self.plan.dot.element
        left, right = (b.at(places[n], s, element) for n, s in zip(self.operands, self.starts))
        return left, right, out, scratch
