# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""The contestants: how each is had, what it runs, what it is in a table."""

import dataclasses
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent.parent
BIN = HERE / ".bin"
PYTHON = BIN / "venv" / "bin" / "python"
PEERS = HERE / "peers"


@dataclasses.dataclass(frozen=True)
class System:
    """One contestant."""

    name: str
    """As in tables and in results.json."""

    setup: str
    """The script that builds it, and its arguments, or fails with one line that says why it can't be had."""

    micro: tuple[str, ...] = ()
    """The program for the cases of contract `PROGRAM CASE COUNT`; none if it has no such cases."""

    echo: tuple[str, ...] = ()
    """The echo server, without `--port`."""

    version: tuple[str, ...] = ()
    """A command that prints its version."""


def _python(*arguments):
    return (str(PYTHON), *(str(PEERS / "python" / arguments[0]), *arguments[1:]))


def _pip_version(package):
    return (str(PYTHON), "-c", f"import importlib.metadata as m; print('{package}', m.version('{package}'))")


OURS = "swift-greenlet"
PATCHED = "swift-greenlet patched"
SHARED = "swift-greenlet, shared stacks"
EPOLL = "epoll (C)"
FCONTEXT = "boost.context"
BOOST_FIBER = "boost.fiber"
GO = "Go"

SYSTEMS = [
    System(
        OURS,
        "peers/setup-ours.sh",
        micro=(str(BIN / "greenlet-bench"),),
        echo=(str(BIN / "greenlet-echo"), "--backlog", "4096"),
        version=("git", "-C", str(HERE), "describe", "--always", "--dirty"),
    ),
    System(SHARED, "peers/setup-ours.sh", micro=(str(BIN / "greenlet-bench"),)),
    System(PATCHED, "peers/setup-ours.sh", echo=(str(BIN / "greenlet-echo"), "--backlog", "4096", "--patched")),
    # Whose suites need the load too.
    System(EPOLL, "build-peers.sh echo_epoll echo_load", echo=(str(BIN / "echo_epoll"),), version=("cc", "--version")),
    System(
        "libuv (C)",
        "build-peers.sh echo_libuv",
        echo=(str(BIN / "echo_libuv"),),
        version=("pkg-config", "--modversion", "libuv"),
    ),
    System("ucontext", "build-peers.sh ucontext", micro=(str(BIN / "ucontext"),)),
    System(
        FCONTEXT,
        "build-peers.sh boost_context",
        micro=(str(BIN / "boost_context"),),
        version=("dpkg-query", "-W", "libboost-context-dev"),
    ),
    System(
        BOOST_FIBER,
        "peers/setup-cpp.sh",
        micro=(str(BIN / "boost_fiber"),),
        version=("dpkg-query", "-W", "libboost-fiber-dev"),
    ),
    System(
        "corosensei",
        "peers/setup-corosensei.sh",
        micro=(str(BIN / "corosensei"),),
        version=("cargo", "pkgid", "--quiet", "--manifest-path", str(PEERS / "rust" / "Cargo.toml"), "corosensei"),
    ),
    System("greenlet", "peers/setup-python.sh", micro=_python("micro_greenlet.py"), version=_pip_version("greenlet")),
    System(
        "gevent",
        "peers/setup-python.sh",
        micro=_python("micro_gevent.py"),
        echo=_python("echo_gevent.py"),
        version=_pip_version("gevent"),
    ),
    System(
        "asyncio",
        "peers/setup-python.sh",
        micro=_python("micro_asyncio.py"),
        echo=_python("echo_asyncio.py"),
        version=(str(PYTHON), "--version"),
    ),
    System(
        "uvloop",
        "peers/setup-python.sh",
        micro=_python("micro_asyncio.py", "--uvloop"),
        echo=_python("echo_asyncio.py", "--uvloop"),
        version=_pip_version("uvloop"),
    ),
    System(
        GO,
        "peers/setup-go.sh",
        micro=(str(BIN / "go_micro"),),
        echo=(str(BIN / "go_echo"),),
        version=("go", "version"),
    ),
    System("Swift tasks", "peers/setup-swift.sh", micro=(str(BIN / "swift_tasks"),), version=("swift", "--version")),
    System(
        "SwiftNIO",
        "peers/setup-swift.sh",
        echo=(str(BIN / "echo_nio"),),
        version=("sed", "-n", 's/.*swift-nio.git", exact: "\\(.*\\)").*/swift-nio \\1/p', str(PEERS / "swift-peers" / "Package.swift")),
    ),
    System("SwiftNIO async", "peers/setup-swift.sh", echo=(str(BIN / "echo_nio_async"),)),
]

BY_NAME = {system.name: system for system in SYSTEMS}


def prepare(names, say):
    """Builds the named systems; returns those that are there, and why each of the others is not."""
    outcomes, missing, ready = {}, {}, []
    for name in names:
        script = BY_NAME[name].setup
        if script not in outcomes:
            say(f"building what {script} builds")
            outcomes[script] = _run(script)
        reason = outcomes[script]
        if reason is None:
            ready.append(name)
        else:
            missing[name] = reason
    return ready, missing


def _run(script):
    """None, or the reason why it failed."""
    name, *arguments = script.split()
    path = HERE / name
    if not path.exists():
        return f"there is no {name}"
    done = subprocess.run([str(path), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == 0:
        return None
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return lines[-1] if lines else f"{script} ended with status {done.returncode}"


def version(system):
    """One line, or nothing."""
    if not system.version:
        return None
    path = os.pathsep.join([str(BIN / "go-venv" / "bin"), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            system.version, capture_output=True, text=True, check=False, timeout=20, env={**os.environ, "PATH": path}
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None
