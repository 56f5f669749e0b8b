"""A network of this program's own, with nothing but a loopback device: nobody else's packets come, and none leave."""
import ctypes
import os
import subprocess

_CLONE_NEWNET = 0x40000000


def enter():
    """Moves this program, and what it starts from now on, into a new network namespace. It is gone when they are. OSError
    where that is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
