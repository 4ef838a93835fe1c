"""A process that ends with its parent: `python -m cli.host.child PARENT MODULE ARGUMENTS…` runs MODULE.

However the parent ends, SIGKILL included, the kernel (on Linux) or a watching thread (elsewhere) kills this process too, so
that nothing is left running and every port is free for the next start.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

PR_SET_PDEATHSIG: Final = 1
WATCH_S: Final = 0.5


def tie_to(parent: int) -> None:
    """Die when `parent` does; at once if it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def say_ready() -> None:
    """Tell the parent, if there is one that listens."""
    if pipe := os.environ.pop("IAYOS_READY_FD", None):
        os.write(int(pipe), b"\n")


def watch(parent: int) -> None:
    """Look every now and then whether the parent is still there."""
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    os._exit(1)


def main() -> None:
    """Tie, then become the module."""
    parent, module, *rest = sys.argv[1:]
    tie_to(int(parent))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
