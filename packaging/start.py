"""What a frozen build starts with: the same as `snug`, ready for processes of its own."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()
    from desktop.__main__ import main

    sys.exit(main())
