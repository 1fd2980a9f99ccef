"""The command line: `taper train`, `evaluate`, `predict`, `info` and `run`."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from taper.compat import install
from taper.train import (
    DATASETS,
    Diverged,
    Evaluation,
    Stopped,
    bar,
    check_agrees,
    default_recipe,
    evaluate,
    load_model,
    make_task,
    predict,
    recipe_of,
    train,
)
from taper.train.about import describe
from taper.train.session import CHECKPOINT

REFUSED, INTERRUPTED = 2, 130


def parser() -> argparse.ArgumentParser:
    """The arguments of every command; each carries the function that runs it as `command`."""
    top = argparse.ArgumentParser(prog="taper", description="Train and use image classifiers.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=run)
        return sub

    sub = command("train", _train, "Train a classifier and write it, with pictures, to a folder.")
    _add_dataset(sub, "digits")
    sub.add_argument("--epochs", type=int, help="passes over the training set")
    sub.add_argument("--batch-size", type=int, help="examples in one step")
    sub.add_argument("--lr", type=float, help="learning rate at the start")
    sub.add_argument("--seed", type=int, help="of weights and order (default 0)")
    sub.add_argument("--runs", type=Path, default=Path("runs"), help="where the folder goes")
    sub.add_argument("--name", help="of the folder (default: the dataset's)")
    sub.add_argument("--resume", action="store_true", help="take up the interrupted training")
    sub.add_argument("--fail-under", type=float, metavar="PERCENT", help="of test accuracy")

    sub = command("evaluate", _evaluate, "Print the accuracy of a trained classifier.")
    sub.add_argument("model", help="model.pth")
    _add_dataset(sub, None)

    sub = command("predict", _predict, "Print which class each image is taken for.")
    sub.add_argument("model", help="model.pth")
    sub.add_argument("images", nargs="+", metavar="IMAGE")

    command("info", _info, "Print versions, processor, settings and optional libraries.")

    sub = command("run", _run, "Run a program in which `import torch` means Taper.")
    sub.add_argument("script")
    sub.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...")
    return top


def _add_dataset(sub: argparse.ArgumentParser, default: str | None) -> None:
    sub.add_argument("dataset", nargs="?", default=default, choices=[*DATASETS, None])
    sub.add_argument("path", nargs="?", default="", help="the folder of images, for `folder`")
    sub.add_argument("--data", default="data", help="where mnist and cifar10 lie (default: data)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = parser().parse_args(arguments)
    try:
        return args.command(args)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        if args.command is _run:
            raise
        print(f"taper: {error}", file=sys.stderr)
        return REFUSED


def _train(args: argparse.Namespace) -> int:
    folder = args.runs / (args.name or args.dataset)
    wanted = {"epochs": args.epochs, "batch_size": args.batch_size, "lr": args.lr}
    wanted |= {"seed": args.seed, "path": args.path or None}
    if args.resume:
        if not (folder / CHECKPOINT).exists():
            raise FileNotFoundError(f"nothing to resume: there is no {folder / CHECKPOINT}")
        recipe = recipe_of(folder / CHECKPOINT)
        check_agrees(recipe, dataset=args.dataset, **wanted)
    else:
        recipe = default_recipe(args.dataset, **wanted)
    task = make_task(recipe.dataset, recipe.path, args.data)
    card = task.card
    print(
        f"{card.dataset}: {len(task.train)} images to train on, {len(task.test)} to test on, "
        f"{len(card.classes)} classes, {card.channels}x{card.size}x{card.size} pixels"
    )
    try:
        result = train(task, recipe, folder, args.resume, bar, print)
    except Stopped as stopped:
        print(f"{stopped}; to go on: taper train {args.dataset} {args.path} --resume")
        return INTERRUPTED
    except Diverged as diverged:
        print(f"taper: {diverged}; the last good state is in {folder / CHECKPOINT}")
        return 1
    _print_accuracy(result, card.classes)
    return int(100 * result.accuracy < (args.fail_under or 0))


def _evaluate(args: argparse.Namespace) -> int:
    model, card = load_model(args.model)
    task = make_task(args.dataset or card.dataset, args.path, args.data)
    if task.card.classes != card.classes:
        raise ValueError(f"the model knows {card.classes}, the dataset {task.card.classes}")
    _print_accuracy(evaluate(model, task.test), card.classes)
    return 0


def _print_accuracy(result: Evaluation, classes: Sequence[str]) -> None:
    total = len(result.truths)
    print(f"Accuracy on the {total} test images: {100 * result.accuracy:.2f} %")
    width = max(map(len, classes))
    for index, name in enumerate(classes):
        print(f"  Accuracy of {name:>{width}} : {100 * result.of_class(index):.1f} %")


def _predict(args: argparse.Namespace) -> int:
    model, card = load_model(args.model)
    for path in args.images:
        (best, share), *others = predict(model, card, path)[:3]
        rest = ", ".join(f"{name} {100 * part:.1f} %" for name, part in others)
        print(f"{path}: {best} {100 * share:.1f} % ({rest})")
    return 0


def _info(args: argparse.Namespace) -> int:
    for name, value in describe():
        print(f"{name:<14} {value}")
    return 0


def _run(args: argparse.Namespace) -> int:
    if not Path(args.script).is_file():
        print(f"taper: there is no file {args.script}", file=sys.stderr)
        return REFUSED
    install()
    sys.argv = [args.script, *args.arguments]
    sys.path[0] = str(Path(args.script).resolve().parent)
    runpy.run_path(args.script, run_name="__main__")
    return 0
