#!/bin/bash
# Every check, the same here and in CI: style, types, tests. Run it with the environment's python first on PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
python -m ruff check .
python -m ruff format --check .
python -m mypy
python -m pytest "$@"
