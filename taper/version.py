"""The version, which begins with that of the PyTorch whose behaviour Taper follows."""

__version__ = "2.13.0+taper"
git_version = "unknown"
cuda = None
hip = None
debug = False
