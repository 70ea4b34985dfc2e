"""The real server as a process: start-up, resident memory, processor time while idle."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from wire import Wire


def main() -> None:
    """Print the figures, for the folder it is started in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", help="default: the one that the server chooses")
    model = parser.parse_args().model
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "tinycode_ls", "--help"], capture_output=True, check=True)
    print(f"tinycode-ls --help: {1000 * (time.perf_counter() - began):.0f} ms")
    command = [sys.executable, "-m", "tinycode_ls", *(["--model", model] if model else [])]
    began = time.perf_counter()
    wire = Wire(command, Path.cwd())
    wire.start(Path.cwd())
    print(f"ready: {1000 * (time.perf_counter() - began):.0f} ms")
    wire.wait_for_index()
    print(f"indexed after {1000 * (time.perf_counter() - began):.0f} ms; resident: {wire.memory_mb():.0f} MB")
    used = wire.cpu_seconds()
    time.sleep(5)
    print(f"idle: {100 * (wire.cpu_seconds() - used) / 5:.1f} % CPU")
    wire.stop()
    wire.close()


if __name__ == "__main__":
    main()
