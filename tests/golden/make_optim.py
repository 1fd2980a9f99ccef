"""Writes optim.json: what PyTorch's optimizers and schedules do on a small problem.

python tests/golden/make_optim.py        (needs torch==2.13.0; run by hand)
"""

import json
import warnings
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
KEPT = (1, 5, 12)  # the steps whose parameters are written down
OPTIMIZERS = {
    "SGD": [
        {},
        {"weight_decay": 0.1},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.3},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.9, "maximize": True},
    ],
    "Adam": [
        {},
        {"amsgrad": True, "betas": [0.5, 0.9], "eps": 1e-4},
        {"weight_decay": 0.1, "maximize": True},
        {"weight_decay": 0.2, "decoupled_weight_decay": True},
    ],
    "AdamW": [{}, {"amsgrad": True, "weight_decay": 0.3, "lr": 0.05}],
    "RMSprop": [
        {},
        {"momentum": 0.9, "weight_decay": 0.1},
        {"centered": True, "alpha": 0.9},
        {"momentum": 0.5, "centered": True, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.3},
        {"maximize": True},
    ],
    "Adadelta": [{}, {"rho": 0.7, "weight_decay": 0.1, "maximize": True, "lr": 0.5}],
    "Adamax": [{}, {"weight_decay": 0.1, "betas": [0.8, 0.9]}, {"maximize": True}],
    "NAdam": [
        {},
        {"weight_decay": 0.1, "momentum_decay": 0.02},
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "RAdam": [
        {},
        {"weight_decay": 0.1, "betas": [0.8, 0.9]},
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "ASGD": [{}, {"t0": 3, "weight_decay": 0.1, "lambd": 0.1, "alpha": 0.6}, {"maximize": True}],
    "Rprop": [{}, {"etas": [0.3, 1.5], "step_sizes": [1e-3, 0.05]}, {"maximize": True}],
    "Adafactor": [
        {},
        {"weight_decay": 0.1, "d": 1.5, "eps": [1e-6, 1e-2], "maximize": True},
        {"beta2_decay": -0.5, "lr": 0.1},
    ],
    "Muon": [
        {},
        {"nesterov": False, "momentum": 0.8, "weight_decay": 0.0},
        {"adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
    ],
    "LBFGS": [
        {},
        {"max_iter": 3, "history_size": 2, "lr": 0.3},
        {"line_search_fn": "strong_wolfe"},
        {"lr": 0.1, "max_iter": 4, "line_search_fn": "strong_wolfe", "history_size": 3},
    ],
    "SparseAdam": [{}, {"maximize": True, "betas": [0.5, 0.9]}],
}
BAD_OPTIONS = [
    {"lr": -1.0},
    {"eps": -1},
    {"betas": [1.0, 0.9]},
    {"betas": [0.9, -1.0]},
    {"betas": [0.9, 0]},
    {"weight_decay": -1},
    {"momentum": -1},
    {"alpha": -1},
    {"rho": 2},
    {"lr_decay": -1},
    {"initial_accumulator_value": -1},
    {"etas": [2, 3]},
    {"momentum_decay": -1},
    {"beta2_decay": 1},
    {"eps": [-1, 1]},
    {"eps": [None, -1]},
    {"d": 0.5},
    {"fused": True, "foreach": True},
    {"fused": True, "differentiable": True},
    {"nesterov": True},
    {"adjust_lr_fn": "x"},
]
SCHEDULES = [
    ["LambdaLR", {"lr_lambda": "power"}],
    ["MultiplicativeLR", {"lr_lambda": "power"}],
    ["StepLR", {"step_size": 3}],
    ["MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.3}],
    ["ConstantLR", {"factor": 0.25, "total_iters": 3}],
    ["LinearLR", {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 7}],
    ["ExponentialLR", {"gamma": 0.9}],
    ["PolynomialLR", {"total_iters": 8, "power": 2.5}],
    ["CosineAnnealingLR", {"T_max": 5, "eta_min": 0.01}],
    ["CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 3}],
    [
        "CyclicLR",
        {
            "base_lr": [0.1, 0.2],
            "max_lr": [0.5, 0.9],
            "step_size_up": 3,
            "step_size_down": 5,
            "mode": "triangular2",
        },
    ],
    [
        "CyclicLR",
        {
            "base_lr": 0.1,
            "max_lr": 0.5,
            "step_size_up": 3,
            "mode": "exp_range",
            "gamma": 0.9,
            "base_momentum": 0.6,
        },
    ],
    ["CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 3, "scale_fn": "power"}],
    ["OneCycleLR", {"max_lr": 1.0, "total_steps": 20}],
    [
        "OneCycleLR",
        {
            "max_lr": [1.0, 2.0],
            "total_steps": 20,
            "three_phase": True,
            "anneal_strategy": "linear",
        },
    ],
    [
        "OneCycleLR",
        {"max_lr": 1.0, "epochs": 5, "steps_per_epoch": 4, "cycle_momentum": False},
    ],
    ["CosineAnnealingWarmRestarts", {"T_0": 3}],
    ["CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.01}],
    ["ReduceLROnPlateau", {"patience": 1}],
    [
        "ReduceLROnPlateau",
        {
            "mode": "max",
            "threshold_mode": "abs",
            "patience": 0,
            "cooldown": 1,
            "factor": 0.5,
            "min_lr": [0.02, 0.1],
        },
    ],
    ["SWALR", {"swa_lr": 0.05}],
    ["SWALR", {"swa_lr": [0.05, 0.01], "anneal_epochs": 4, "anneal_strategy": "linear"}],
    [
        "SequentialLR",
        {
            "schedulers": [
                ["LinearLR", {"start_factor": 0.1, "total_iters": 4}],
                ["CosineAnnealingLR", {"T_max": 6}],
                ["StepLR", {"step_size": 2, "gamma": 0.5}],
            ],
            "milestones": [4, 11],
        },
    ],
    [
        "ChainedScheduler",
        {
            "schedulers": [
                ["ConstantLR", {"factor": 0.1, "total_iters": 4}],
                ["ExponentialLR", {"gamma": 0.9}],
            ]
        },
    ],
]


def plain(value):
    """Tensors as nested lists, everything else as JSON would have it."""
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def tuples(options):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def trajectory(name, options):
    """Minimise sum((p - t)²) + 0.1 sum(p⁴) over a matrix and a vector, gradients given by hand."""
    random = np.random.RandomState(3)
    shapes = [(3, 4)] if name == "Muon" else [(3, 4), (4,)]
    start, goal = ([random.randn(*shape).round(3) for shape in shapes] for _ in range(2))
    params = [torch.tensor(a, requires_grad=True) for a in start]
    optimizer = getattr(torch.optim, name)(params, **tuples(options))

    def closure():
        loss = 0.0
        for p, t in zip(params, goal):
            a = p.detach().numpy()
            p.grad = torch.tensor(2 * (a - t) + 0.4 * a**3)
            if name == "SparseAdam":
                p.grad = (p.grad * torch.tensor(t > 0)).to_sparse()
            loss += ((a - t) ** 2).sum() + 0.1 * (a**4).sum()
        return torch.tensor(loss)

    kept = {}
    for step in range(1, KEPT[-1] + 1):
        optimizer.step(closure)
        if step in KEPT:
            kept[step] = plain(params)
    state = {} if name == "LBFGS" else optimizer.state_dict()["state"]
    kinds = {
        key: str(value.dtype) if isinstance(value, torch.Tensor) else type(value).__name__
        for key, value in state.get(0, {}).items()
    }
    return {
        "name": name,
        "options": options,
        "start": plain([torch.tensor(a) for a in start]),
        "goal": plain([torch.tensor(a) for a in goal]),
        "params": kept,
        "state": plain(state),
        "kinds": kinds,
        "repr": repr(optimizer),
    }


def refusals():
    for name in OPTIMIZERS:
        for options in BAD_OPTIONS:
            try:
                getattr(torch.optim, name)(
                    [torch.ones(2, 2, requires_grad=True)], **tuples(options)
                )
            except (ValueError, RuntimeError) as error:
                yield {
                    "name": name,
                    "options": options,
                    "type": type(error).__name__,
                    "message": str(error),
                }
            except TypeError:
                continue


def build(optimizer, spec):
    name, options = spec
    options = dict(options)
    for key in ("lr_lambda", "scale_fn"):
        if key in options:
            options[key] = lambda epoch: 0.9**epoch
    if "schedulers" in options:
        options["schedulers"] = [build(optimizer, inner) for inner in options["schedulers"]]
    if name == "SWALR":
        return torch.optim.swa_utils.SWALR(optimizer, **options)
    if name == "ChainedScheduler":
        return torch.optim.lr_scheduler.ChainedScheduler(**options)
    return getattr(torch.optim.lr_scheduler, name)(optimizer, **options)


def schedule(spec, adam):
    a, b = (torch.zeros(2, requires_grad=True) for _ in range(2))
    groups = [{"params": [a]}, {"params": [b], "lr": 0.5}]
    if adam:
        optimizer = torch.optim.Adam(groups, lr=0.1)
    else:
        optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    scheduler = build(optimizer, spec)
    random = np.random.RandomState(1)
    metrics = random.rand(19).round(3).tolist()
    rates, momenta = [], []
    for epoch in range(20):
        rates.append([group["lr"] for group in optimizer.param_groups])
        momenta.append(
            [group["betas"][0] if adam else group["momentum"] for group in optimizer.param_groups]
        )
        if epoch == 19:
            break
        optimizer.step()
        if spec[0] == "ReduceLROnPlateau":
            scheduler.step(metrics[epoch])
        else:
            scheduler.step()
    state = {k: v for k, v in scheduler.state_dict().items() if k != "anneal_func"}
    return {
        "spec": spec,
        "adam": adam,
        "metrics": metrics,
        "rates": rates,
        "momenta": momenta,
        "state": plain(state),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    parts = {
        "trajectories": [
            trajectory(n, options) for n, rows in OPTIMIZERS.items() for options in rows
        ],
        "refusals": list(refusals()),
        "schedules": [schedule(spec, adam) for spec in SCHEDULES for adam in (False, True)],
    }
    body = ",\n".join(
        f"{json.dumps(part)}: [\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"
        for part, rows in parts.items()
    )
    (HERE / "optim.json").write_text(f"{{\n{body}\n}}\n")
