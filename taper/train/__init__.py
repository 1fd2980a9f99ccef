"""Trains, evaluates and applies an image classifier, as the command line asks for it."""

from taper.train.evaluation import Evaluation, evaluate
from taper.train.model import Card, LeNet, load_model, save_model
from taper.train.prediction import predict
from taper.train.progress import bar, silent
from taper.train.recipe import DATASETS, Recipe, check_agrees, default_recipe
from taper.train.session import Stopped, train
from taper.train.tasks import Task, make_task
from taper.train.training import Diverged, recipe_of

__all__ = [
    "DATASETS",
    "Card",
    "Diverged",
    "Evaluation",
    "LeNet",
    "Recipe",
    "Stopped",
    "Task",
    "bar",
    "check_agrees",
    "default_recipe",
    "evaluate",
    "load_model",
    "make_task",
    "predict",
    "recipe_of",
    "save_model",
    "silent",
    "train",
]
