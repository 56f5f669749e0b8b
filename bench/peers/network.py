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


def take_frames():
    """Lets the loopback device take frames that seem to come from other hosts (assent-load --via xdp), and leaves out what
    the stack would look up for each of them besides. Only for a network of this program's own."""
    settings = {"conf/lo/route_localnet": 1, "conf/all/rp_filter": 0, "conf/lo/rp_filter": 0, "conf/lo/accept_local": 1,
                "ip_early_demux": 0, "udp_early_demux": 0}
    for name, value in settings.items():
        with open("/proc/sys/net/ipv4/" + name, "w") as file:
            file.write(str(value))
