"""Lets `python -m taper` do what the command `taper` does."""

import sys

from taper.cli import main

if __name__ == "__main__":
    sys.exit(main())
