"""What a corpus of 1 GB, 100 GB and 10 TB would take on 1, 8 and 64 machines like this one.

Measured: one process of one thread, and one for each core under torchrun, a batch of 64 streams each. Computed from there:
each step every machine reads what its processes read here, then all add up their gradients in a ring, in which each sends
and receives 2 (N-1)/N of their bytes; nothing overlaps. Untested: more than one machine, and GPUs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from trainer.network import Network
from trainer.recipe import Recipe

SMALL = Path(__file__).parents[2] / "corpora" / "small.toml"
STEPS, WARM_UP = 30, 10
SEQUENCE, STREAMS = 128, 64
GIGABITS = 10
"""Assumed between machines, a second and direction."""
CORPORA = {"1 GB": 1e9, "100 GB": 1e11, "10 TB": 1e13}
MACHINES = (1, 8, 64)


def rate(folder: Path, processes: int) -> float:
    """Bytes a second of `fit` with so many processes of one thread."""
    out = folder / f"{processes}.onnx"
    order = ["fit", str(SMALL), "--out", str(out), "--steps", str(STEPS), "--threads", "1", "--quiet", "--dropout", "0"]
    order += ["--batch", str(STREAMS * processes), "--sequence", str(SEQUENCE), "--validate-every", "100000"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    start = [sys.executable, *(torchrun if processes > 1 else []), "-m", "trainer"]
    subprocess.run([*start, *order], env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True, capture_output=True)
    lines = [json.loads(line) for line in (folder / f"{processes}.run" / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["kind"] == "step" and line["step"] >= WARM_UP]
    return float((steps[-1]["bytes_read"] - steps[0]["bytes_read"]) / (steps[-1]["seconds"] - steps[0]["seconds"]))


def duration(seconds: float) -> str:
    """In the largest unit that leaves a number above one."""
    units = {"years": 365.25 * 86400, "days": 86400, "hours": 3600, "minutes": 60}
    name, length = next(((name, length) for name, length in units.items() if seconds >= length), ("minutes", 60))
    return f"{seconds / length:.3g} {name}"


def main() -> None:
    """Measure, then print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        one, all_cores = rate(Path(folder), 1), rate(Path(folder), cores)
    parameters = sum(weight.numel() for weight in Network(Recipe().spec).parameters())
    gradient, step = 4 * parameters, STREAMS * cores * SEQUENCE
    print(
        f"1 process {one / 1e3:.1f} kB/s; {cores} processes {all_cores / 1e3:.1f} kB/s, {all_cores / one:.2f} times that"
    )
    print(f"{parameters:,} weights, {gradient / 1e6:.1f} MB of gradients a step; a step reads {step:,} bytes a machine")
    print(f"\n| machines of {cores} cores | bytes/s | of it lost to the network | " + " | ".join(CORPORA) + " |")
    print("|---|---|---|" + "---|" * len(CORPORA))
    for machines in MACHINES:
        reading = step / all_cores
        sending = 2 * (machines - 1) / machines * gradient / (GIGABITS * 1e9 / 8)
        together = machines * step / (reading + sending)
        times = " | ".join(duration(size / together) for size in CORPORA.values())
        print(f"| {machines} | {together / 1e3:,.0f} k | {sending / (reading + sending):.0%} | {times} |")


if __name__ == "__main__":
    main()
