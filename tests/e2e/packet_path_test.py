#!/usr/bin/env python3
"""What the packet path does not do: for a minute 1,000 calls of two legs are recorded, and the shard's thread asks the heap
for nothing and the kernel for nothing but datagrams, a batch at a time, and sleep. Nor do the sealing workers ask the heap. Then
the same for a third of that time with legs that are SRTP.

  packet_path_test.py            SECONDS=60 CALLS=1000
"""
import os
import re
import shutil
import struct
import subprocess
import time

import harness
from harness import check

HEAP = os.environ.get("ASSENT_COUNTING_HEAP",
                      os.path.join(harness.ROOT, "build", "release", "tests", "e2e", "libassent_counting_heap.so"))
CALLS = int(os.environ.get("CALLS", "1000"))
SECONDS = int(os.environ.get("SECONDS", "60"))
SLOTS = 1024
# What a shard may do besides, a thousand packets: answer a scrape, book a turn of a gate.
OTHER_PER_THOUSAND = 1


def heap_requests(path):
    with open(path, "rb") as file:
        content = file.read()
    return {thread: requests for thread, requests in struct.iter_unpack("<QQ", content) if thread != 0}


class SystemCalls:
    """Counted by strace, for one thread."""

    def __init__(self, thread, folder):
        self.path = os.path.join(folder, "system-calls")
        self.process = subprocess.Popen(["strace", "-qq", "-c", "-U", "name,calls", "-o", self.path, "-p", str(thread)])

    def end(self):
        self.process.send_signal(2)
        self.process.wait(20)
        with open(self.path) as file:
            rows = re.findall(r"^(\w+)\s+(\d+)$", file.read(), re.M)
        return {name: int(calls) for name, calls in rows if name != "total"}


def test(folder):
    for kind, seconds, more in (("RTP", SECONDS, ()), ("SRTP", SECONDS // 3, ("--srtp", "AES_CM_128_HMAC_SHA1_80"))):
        print(kind + ":")
        watch(folder, kind, seconds, more)


def watch(folder, kind, seconds, more):
    for needed in (harness.LOAD, HEAP):
        if not os.path.exists(needed):
            harness.skip(f"{needed} is not built")
    if shutil.which("strace") is None:
        harness.skip("strace is not installed")
    counts = os.path.join(folder, "heap-counts-" + kind)
    with open(counts, "wb") as file:
        file.truncate(SLOTS * 16)
    # One segment for the whole of it: a new one allocates, once a minute and leg.
    engine = harness.Engine(folder, name=kind, calls=CALLS, ports="20000-29999", segment_time="1h", journal_file="256MiB", hold="5s",
                            deadline="300s",
                            wrapper=["env", f"LD_PRELOAD={HEAP}", f"ASSENT_HEAP_COUNTS={counts}"]).start()
    load = subprocess.Popen([harness.LOAD, "run", "--state", engine.state, "--calls", str(CALLS), "--seconds", str(seconds + 40),
                             "--sample", "5", "--json", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    harness.wait_until("every gate is open", lambda: engine.total("assent_legs", gate="open") == 2 * CALLS, 60)
    harness.wait_until("every leg has filled blocks, and seen its segment made",
                       lambda: engine.total("assent_blocks_total", fate="sealed") >= 10 * CALLS, 60)

    threads = harness.threads_of(engine.pid)
    [shard] = [thread for thread, name in threads.items() if name == "shard-0"]
    before, heap_before = engine.total("assent_packets_total"), heap_requests(counts)
    calls_made = SystemCalls(shard, folder)
    time.sleep(seconds)
    system_calls = calls_made.end()
    heap_after, came = heap_requests(counts), engine.total("assent_packets_total") - before

    requests = {}
    for thread, count in heap_after.items():
        name = re.sub(r"-\d+$", "", threads.get(thread, "others"))
        requests[name] = requests.get(name, 0) + count - heap_before.get(thread, 0)
    others = sum(calls for name, calls in system_calls.items() if name not in ("recvmmsg", "clock_nanosleep", "futex"))
    print(f"{came:.0f} packets in {seconds} s")
    print("heap, requests by thread:", ", ".join(f"{name} {count}" for name, count in sorted(requests.items())))
    print("system calls of the shard's thread:", ", ".join(f"{name} {calls}" for name, calls in sorted(system_calls.items())))

    check(came > 0.9 * CALLS * 2 * 50 * seconds, f"only {came:.0f} packets came")
    check(heap_after[shard] > heap_before[shard] or heap_before[shard] > 0, "the heap's requests are not counted")
    check(requests["shard"] <= came / 1000 * OTHER_PER_THOUSAND, f"the shard's thread asked the heap {requests['shard']} times")
    check(requests["sealer"] <= came / 1000 * OTHER_PER_THOUSAND, f"the sealers asked the heap {requests['sealer']} times")
    check(0 < system_calls["recvmmsg"] < came / 20, f"{system_calls['recvmmsg']} calls of recvmmsg for {came:.0f} packets")
    check(others <= came / 1000 * OTHER_PER_THOUSAND, f"the shard's thread made other system calls: {system_calls}")

    report, _ = load.communicate(timeout=seconds + 120)
    check(load.returncode in (0, 3), f"the load ended with {load.returncode}: {report[-1000:]}")
    engine.stop()


harness.run(test)
