"""`python -m experiments` is the command `stunlab`."""

import gc
import sys


def start() -> int:
    """The exit code of this process's command line."""
    try:
        from experiments.cli import main
    except KeyboardInterrupt:  # while modules were loading
        print("\ninterrupted: nothing was written", file=sys.stderr)
        return 130
    code = main()
    gc.freeze()  # else Python looks through all that is left for cycles, after Ctrl-C too: a quarter of a second
    return code


if __name__ == "__main__":  # worker processes import this file under another name and must not load the command line
    sys.exit(start())
