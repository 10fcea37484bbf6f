"""`python -m experiments` is the command `stunlab`."""

if __name__ == "__main__":  # worker processes import this file under another name and must not load the command line
    import sys

    from experiments.cli import main

    sys.exit(main())
