"""Checks for the system libraries that Qt needs, says which are missing, and installs them where apt can.

Run by `make test`; does nothing on Windows and macOS, where Qt brings all it needs.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys

PACKAGES = {
    "libegl1": "libEGL.so.1",
    "libgl1": "libGL.so.1",
    "libxkbcommon0": "libxkbcommon.so.0",
    "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1",
    "libglib2.0-0": "libglib-2.0.so.0",
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-image0": "libxcb-image.so.0",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-xinerama0": "libxcb-xinerama.so.0",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
}
"""Debian's package -> the library in it."""


def missing() -> list[str]:
    """The packages whose library cannot be loaded."""
    absent = []
    for package, library in PACKAGES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            absent.append(package)
    return absent


def main() -> int:
    """Install what is missing; 1 if something still is."""
    if not sys.platform.startswith("linux"):
        return 0
    absent = missing()
    if absent and shutil.which("apt-get"):
        print(f"Installing the system libraries that Qt needs: {' '.join(absent)}", flush=True)
        prefix = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *absent]):
            subprocess.run([*prefix, "apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)
        absent = missing()
    if absent:
        libraries = ", ".join(PACKAGES[package] for package in absent)
        print(f"Qt needs these system libraries, and they are missing: {libraries}.", file=sys.stderr)
        print(f"On Debian or Ubuntu: sudo apt-get install {' '.join(absent)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
