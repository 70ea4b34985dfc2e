#!/bin/bash
# Every check, the same here and in CI: style, types (as on Windows, too), tests. Run it with the environment's python first on PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
python -m ruff check .
python -m ruff format --check .
python -m mypy
python -m mypy --platform win32 --cache-dir .mypy_cache/win32  # of its own: in one cache each would make the other's anew
python -m pytest "$@"
