"""`python -m tests.faults`."""

from tests.faults.command import main

if __name__ == "__main__":
    main()
