# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# gdb commands that show a process's greenlets, or a core file's: greenlets [all], greenlet bt CONTEXT|all.
#
#     gdb -x Tools/gdb/greenlets.py PROGRAM [CORE]
#
# Reads what Modules/Core/CGreenletCore/stack.h describes, through the debug information of that target, which both
# `swift build` and `swift build -c release` keep. Nothing in the process is run or changed, so core files will do.

import shutil
import subprocess

import gdb

MOST_FRAMES = 1000
KIND_OWN, KIND_BERTH, KIND_SHARED = 0, 3, 4


def pointers(first, link):
    """The members of a list: first, and what its field `link` leads to."""
    while first:
        yield first
        first = first[link]


def pools():
    """Every thread's pool of stacks."""
    head = gdb.lookup_global_symbol("cgreenlet_pools")
    if head is None:
        raise gdb.GdbError(
            "no greenlets here: the program has no symbol cgreenlet_pools. It does not use swift-greenlet, was built "
            "without debug information (-g), or is not running yet."
        )
    return pointers(head.value(), "next")


def free_contexts(pool):
    """Addresses of the contexts that wait for a greenlet."""
    lists = [pool["hot"], pool["sharing"]["spare"]] + [arena["cold"] for arena in pointers(pool["arenas"], "next")]
    free = {int(context) for head in lists for context in pointers(head, "next")}
    return free | {int(pool["leaving"])}


def contexts(pool):
    """Every context of a pool that ever ran, the thread's own first."""
    thread = pool["thread"]
    # Stacks that outlived their thread have its number, and no main stack.
    if thread["started"]:
        yield thread["main"].address
    for arena in pointers(pool["arenas"], "next"):
        for index in range(int(arena["used"])):
            context = (arena["contexts"][index]).address
            if int(context["kind"]) != KIND_BERTH:  # those that take turns on it are shown
                yield context
    yield from pointers(pool["singles"], "next")
    for lodge in pointers(pool["sharing"]["lodges"], "next"):
        for index in range(int(lodge["used"])):
            yield lodge["lodgers"][index]["context"].address


def show(lines):
    """Prints lines, with Swift's names as Swift writes them if there is a `swift` on the PATH."""
    text = "\n".join(lines) + "\n"
    if lines and shutil.which("swift"):
        done = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True, text=True)
        text = done.stdout if done.returncode == 0 else text
    gdb.write(text)


def symbol_at(address):
    """A function and an offset, as gdb prints them after an address."""
    words = gdb.execute("info symbol 0x%x" % address, to_string=True).strip()
    if words.startswith("No symbol"):
        return "?"
    return words.split(" in section ")[0]


def line_at(address):
    """` at FILE:LINE`, or nothing."""
    place = gdb.find_pc_line(address)
    return " at %s:%d" % (place.symtab.filename, place.line) if place.symtab and place.line else ""


def goes_on_with(context):
    """The registers of a suspended context, and what leads from an address on its stack to where those bytes are now."""
    if int(context["kind"]) == KIND_SHARED:
        lodger = context.cast(gdb.lookup_type("cgreenlet_lodger").pointer())
        if lodger["berth"]["next"] != context:
            return lodger["registers"], int(lodger["saved"]) - int(lodger["low"])
    return context, 0


def goes_on_at(context):
    return int(goes_on_with(context)[0]["resume_address"])


def has_not_begun(context):
    return symbol_at(goes_on_at(context)).startswith("cgreenlet_trampoline")


def state_of(context, pool, free):
    if int(context) in free:
        return "free"
    if context == pool["thread"]["current"]:
        return "running"
    return "not begun" if has_not_begun(context) else "suspended"


def all_contexts():
    """Every context of the process, with its pool and its state."""
    for pool in pools():
        free = free_contexts(pool)
        for context in contexts(pool):
            yield context, pool, state_of(context, pool, free)


def threads_by_stack_pointer():
    """Pairs of a stack pointer and the number of gdb's own thread that it belongs to."""
    selected, found = gdb.selected_thread(), []
    if selected is None:
        return found
    frame = gdb.selected_frame()
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        found.append((int(gdb.newest_frame().read_register("sp")) & (2**64 - 1), thread.num))
    selected.switch()
    frame.select()
    return found


def word(address):
    """The pointer-sized number at an address."""
    kind = gdb.lookup_type("unsigned long").pointer()
    return int(gdb.Value(address).cast(kind).dereference())


def without_signature(address):
    """A return address as aarch64 stored it, without what pointer authentication (PAC) put into its upper bits."""
    mask = gdb.parse_and_eval("$pauth_cmask")
    if mask.type.code != gdb.TYPE_CODE_VOID:
        return address & ~int(mask) & (2**64 - 1)
    # The kernel or the core file doesn't tell: these bits are in no address of a program, as a rule.
    is_signed = gdb.selected_inferior().architecture().name().startswith("aarch64")
    return address & (2**48 - 1) if is_signed else address


def frames(context):
    """Code addresses of a suspended context, the innermost first, along the frame pointers."""
    registers, shift = goes_on_with(context)
    yield int(registers["resume_address"])
    low, frame = int(registers["stack_pointer"]), int(registers["frame_pointer"])
    high = int(context["stack_low"]) + int(context["stack_size"])
    is_own = int(context["kind"]) == KIND_OWN
    for _ in range(MOST_FRAMES):
        # A thread's own stack has no bounds that are known here; unreadable memory ends the walk.
        if frame < low or frame % 8 != 0 or (not is_own and frame > high - 16):
            return
        low = frame + 16
        try:
            frame, address = word(frame + shift), word(frame + shift + 8)
        except gdb.MemoryError:
            return
        # The outermost frame record: its return address leads nowhere.
        if frame == 0 or address == 0:
            return
        yield without_signature(address)


class Greenlets(gdb.Command):
    """List the greenlets of all threads, in use or free: greenlets [all].

Without `all`, free stacks are only counted. Shows each context's address, which `greenlet bt` takes, the number of
its thread (as in swift-greenlet's own messages), its state, its stack, and where it will go on; of a running one, gdb's
number of its thread."""

    def __init__(self):
        super().__init__("greenlets", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if argument not in ("", "all"):
            raise gdb.GdbError("greenlets: unknown argument %r; it takes none, or `all`" % argument)
        lines = ["%-18s %6s  %-9s  %-37s  %s" % ("context", "thread", "state", "stack", "goes on at")]
        hidden, threads = 0, threads_by_stack_pointer()
        for context, pool, state in all_contexts():
            if state == "free" and argument != "all":
                hidden += 1
            else:
                lines.append(self.row(context, pool, state, threads))
        show(lines + ["free stacks, not shown: %d" % hidden] * (hidden > 0))

    def row(self, context, pool, state, threads):
        low, size = int(context["stack_low"]), int(context["stack_size"])
        stack = "the thread's own" if int(context["kind"]) == KIND_OWN else "0x%x-0x%x" % (low, low + size)
        place = symbol_at(goes_on_at(context)) if state == "suspended" else ""
        if state == "running":
            here = [number for pointer, number in threads if low <= pointer < low + size]
            place = "now, in gdb's thread %d" % here[0] if here else "now"
        number = int(pool["thread"]["number"])
        return "0x%-16x %6d  %-9s  %-37s  %s" % (int(context), number, state, stack, place)


class Greenlet(gdb.Command):
    """Look at one greenlet: greenlet bt CONTEXT, with an address that `greenlets` shows."""

    def __init__(self):
        super().__init__("greenlet", gdb.COMMAND_STACK, gdb.COMPLETE_NONE, True)


class GreenletBacktrace(gdb.Command):
    """Show where suspended greenlets stand: greenlet bt CONTEXT, or greenlet bt all.

The frames are found by frame pointers, so code built without them hides its callers. For a running greenlet, change
to its thread and use gdb's own `bt`."""

    def __init__(self):
        super().__init__("greenlet bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("greenlet bt: which one? `greenlets` lists their contexts' addresses; or say `all`")
        known = list(all_contexts())
        if argument == "all":
            lines = []
            for context, pool, state in known:
                if state == "suspended":
                    lines.append("context 0x%x (thread %d):" % (int(context), int(pool["thread"]["number"])))
                    lines += self.rows(context)
            return show(lines)
        wanted = int(gdb.parse_and_eval(argument))
        found = [(context, state) for context, _, state in known if int(context) == wanted]
        if not found:
            raise gdb.GdbError("greenlet bt: there is no context at 0x%x; `greenlets` lists them" % wanted)
        context, state = found[0]
        if state != "suspended":
            advice = "; change to its thread and use `bt`" if state == "running" else ""
            raise gdb.GdbError("greenlet bt: 0x%x is %s, not suspended%s" % (wanted, state, advice))
        show(self.rows(context))

    def rows(self, context):
        rows = []
        for number, address in enumerate(frames(context)):
            # A return address may be the first of the next function: look where the call is.
            place = address if number == 0 else address - 1
            rows.append("#%-3d 0x%016x in %s%s" % (number, address, symbol_at(place), line_at(place)))
        return rows


Greenlets()
Greenlet()
GreenletBacktrace()
