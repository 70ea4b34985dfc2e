"""Runs a model file: states, steps, prefix reading, sampling and search. Knows nothing of editors or training."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
"""onnxruntime (1.32 on Linux) tells Microsoft of the models it loads, unless this is set before it is imported: its function
`disable_telemetry_events` does not stop all of it. Its build for Windows knows that function alone (see model.py)."""
