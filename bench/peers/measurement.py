"""One measurement: a peer on its core, so many calls for so long, what it used and what it lost.

What a peer has: name, title, missing() (why it cannot be measured here, or None), and, made with a folder and a number of
calls, set_up() until `ports` can be sent to, `pid`, finish() until everything is recorded, recorded_packets(), and close(),
which ends the process whatever happened.
"""
import json
import os
import subprocess
import time

import process
from verdict import NOT_VALID, OTHERS_MAX, why_not_held

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SENDER = os.environ.get("ASSENT_LOAD", os.path.join(ROOT, "build", "release", "bench", "load", "assent-load"))

PACKETS_PER_CALL_SECOND = 2 * 50  # two legs, 20 ms
SETTLED_SECONDS = 1.5  # from the generator's start until the load is steady: first packets cost more than others
TAIL_SECONDS = 0.4     # before its end, so that the window never reaches it
# After the last packet, for what is still in sockets: a peer that is further behind loses it.
GRACE_SECONDS = 0.5
DISK_BYTES_PER_PACKET = 2 * 256  # pcap takes 216; twice that, to stay far from full


def _start_sender(ports, seconds):
    command = process.as_sender([SENDER, "send", "--seconds", str(seconds)])
    sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    sender.stdin.write("".join(f"{address} {port}\n" for address, port in ports))
    sender.stdin.close()
    sender.stdin = None  # communicate() would flush it
    return sender


def _probe(pid):
    return time.monotonic_ns(), process.cpu_ns(pid), process.core_idle_ns(process.RECORDER_CPU)


def _play(recorder, seconds, say):
    """The steady part's figures and the sender's own account."""
    sender = _start_sender(recorder.ports, seconds)
    try:
        began = time.monotonic()
        say(f"playing {seconds} s")
        time.sleep(SETTLED_SECONDS)
        before = _probe(recorder.pid)
        time.sleep(max(0.2, began + seconds - TAIL_SECONDS - time.monotonic()))
        after = _probe(recorder.pid)
        used = process.status(recorder.pid)
        out, _ = sender.communicate(timeout=seconds + 30)
    finally:
        process.stop(sender)
    if sender.returncode not in (0, 3):
        raise process.Failed(f"the generator ended with {sender.returncode}")
    wall, cpu, idle = (b - a for a, b in zip(before, after))
    packets = PACKETS_PER_CALL_SECOND * len(recorder.ports) / 2 * wall / 1e9
    return json.loads(out), {
        "cpu_ns_per_packet": round(cpu / packets), "cpu_ms_per_call_second": cpu / packets * PACKETS_PER_CALL_SECOND / 1e6,
        "core_share": round(cpu / wall, 3), "others_share_of_core": round(max(0, wall - idle - cpu) / wall, 3),
        "steady_seconds": round(wall / 1e9, 2), **used}


def measure(peer, calls, seconds, folder, say):
    """A measurement as it stands in the results. Failed when the peer or the generator did not do its part."""
    wanted = calls * seconds * PACKETS_PER_CALL_SECOND * DISK_BYTES_PER_PACKET
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < wanted:
        raise process.Failed(f"{wanted >> 20} MiB must be free in {folder}")
    recorder = peer(folder, calls)
    try:
        began = time.monotonic()
        say("setting up")
        recorder.set_up()
        if len(recorder.ports) != 2 * calls:
            raise process.Failed(f"{len(recorder.ports)} ports for {calls} calls")
        setup = time.monotonic() - began
        cpu_before = process.cpu_ns(recorder.pid)
        sender, steady = _play(recorder, seconds, say)
        time.sleep(GRACE_SECONDS)
        say("finishing")
        recorder.finish()
        cpu_whole = process.cpu_ns(recorder.pid) - cpu_before
        say("counting")
        recorded = recorder.recorded_packets()
        forwarded = {"forwarded": recorder.forwarded_packets()} if hasattr(recorder, "forwarded_packets") else {}
    finally:
        recorder.close()
    lost = sender["sent"] - recorded
    figures = {"peer": peer.name, "calls": calls, "seconds": seconds, "sent": sender["sent"], "recorded": recorded,
               "lost": lost, "loss": lost / sender["sent"], **forwarded, **steady,
               # With what was put off: files finished, calls ended and booked.
               "whole_cpu_ns_per_packet": round(cpu_whole / sender["sent"]), "setup_seconds": round(setup, 2),
               "sender": sender}
    # What it held it held in spite of the others, but what it cost is theirs, too.
    figures["disturbed"] = figures["others_share_of_core"] > OTHERS_MAX
    why = why_not_held(figures)
    return {**figures, "valid": why not in NOT_VALID, "held": why is None, "why": why}
