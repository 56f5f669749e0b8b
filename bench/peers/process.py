"""A recorder's process: started on one core, ended for certain, and what it uses, read from outside."""
import ctypes
import os
import select
import subprocess
import time

RECORDER_CPU = 0
SENDER_CPU = 1
SENDER_PRIORITY = 10
_libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """A peer, or the generator, did not do its part; the measurement is given up."""


def on_cpu(cpu):
    """What to put before a command so that it runs on that core alone, and not longer than this program."""
    return ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(cpu)]


def may_be_first():
    """Whether the generator may have its core before all others."""
    return subprocess.run(["chrt", "-f", str(SENDER_PRIORITY), "true"], capture_output=True).returncode == 0


def as_sender(command):
    """The command, on the generator's core, and before all others where that is permitted."""
    return on_cpu(SENDER_CPU) + (["chrt", "-f", str(SENDER_PRIORITY)] if may_be_first() else []) + command


def start(command, **more):
    return subprocess.Popen(on_cpu(RECORDER_CPU) + command, **more)


def stop(process):
    """Ends a process that this program started, at once: what it recorded has been counted, and is thrown away."""
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()


def read_line(process, wanted, patience):
    """Waits for a process to print a line."""
    ready, _, _ = select.select([process.stdout], [], [], patience)
    line = process.stdout.readline().strip() if ready else "nothing"
    if line != wanted:
        raise Failed(f"{process.args[-2:]} said \"{line}\" and not \"{wanted}\"")


def wait_until(what, condition, patience):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise Failed("not in time: " + what)
        time.sleep(0.05)


def cpu_ns(pid):
    """CPU time of all threads that a process has or had, by the scheduler's account (clock_getcpuclockid(3))."""
    clock = ctypes.c_int()
    if _libc.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise Failed(f"process {pid} is gone")
    return time.clock_gettime_ns(clock.value)


def core_idle_ns(cpu):
    """Time that a core had nothing to do (/proc/stat; the kernel keeps it exactly and tells it in ticks)."""
    with open("/proc/stat") as file:
        fields = next(line for line in file if line.startswith(f"cpu{cpu} ")).split()
    idle, waiting_for_disk = int(fields[4]), int(fields[5])
    return (idle + waiting_for_disk) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def status(pid):
    """Resident memory in MiB, threads, and open files."""
    with open(f"/proc/{pid}/status") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    return {"resident_mib": int(lines["VmRSS"].split()[0]) // 1024, "threads": int(lines["Threads"]),
            "open_files": len(os.listdir(f"/proc/{pid}/fd"))}


def open_files_below(pid, folder):
    """Whether a process still has files of a folder open."""
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}").startswith(folder + "/"):
                return True
        except FileNotFoundError:
            pass  # closed meanwhile
    return False
