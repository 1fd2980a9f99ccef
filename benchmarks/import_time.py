"""How long `import taper` takes in a fresh process, best and median of several.

python benchmarks/import_time.py [--runs 10]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

PROBE = "import time; t = time.perf_counter(); import taper; print(time.perf_counter() - t)"


def main() -> None:
    """Print one line; the aim is under 0.2 s."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    command = [sys.executable, "-c", PROBE]
    seconds = [float(subprocess.check_output(command)) for _ in range(runs)]
    print(f"import taper: best {min(seconds):.3f} s, median {statistics.median(seconds):.3f} s")


if __name__ == "__main__":
    main()
