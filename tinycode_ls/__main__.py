"""`python -m tinycode_ls`: the same as the command `tinycode-ls`."""

import sys

from .cli import main

sys.exit(main())
