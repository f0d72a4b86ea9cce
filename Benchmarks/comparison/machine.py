# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""What the figures were measured on."""

import datetime
import os
import pathlib
import platform
import re
import shutil
import subprocess

from . import systems


def describe(names):
    """Pairs of a word and a line, for the head of a report."""
    info = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    model = re.search(r"model name\s*:\s*(.+)|CPU part\s*:\s*(.+)", info)
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="ascii"))
    facts = [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{next(filter(None, model.groups())) if model else platform.machine()}, "
                    f"{os.cpu_count()} cores, {int(memory.group(1)) // 1_048_576} GiB{_virtual()}"),
        ("kernel", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]
    for name in names:
        line = systems.version(systems.BY_NAME[name])
        if line:
            facts.append((name, line))
    return facts


def _virtual():
    if not shutil.which("systemd-detect-virt"):
        return ""
    kind = subprocess.run(["systemd-detect-virt", "--vm"], capture_output=True, text=True, check=False).stdout.strip()
    return f", virtual ({kind})" if kind and kind != "none" else ""
