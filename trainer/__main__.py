"""`python -m trainer`, for torchrun; users run `tinycode-train`."""

import sys

from .cli import main

sys.exit(main())
