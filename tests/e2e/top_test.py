#!/usr/bin/env python3
"""assent top: on a terminal it draws over itself, live, and leaves the terminal as it was, by q, Ctrl-C and SIGTERM alike; into a
pipe it prints plain text or JSON. What it shows is what the engine does.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time

import harness
from harness import check

SECONDS = 25.0
CALLS = 4


class Terminal:
    """`assent top` on a terminal of its own."""

    def __init__(self, engine, rows=50, columns=100):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.mode = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = subprocess.Popen([engine.program, "top", "--state", engine.state, "--interval", "200ms"],
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, what, pattern, patience=20):
        end = time.monotonic() + patience
        while not re.search(pattern, self.text, re.S):
            check(time.monotonic() < end, f"not on the screen: {what}: {self.text[-1500:]!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 65536).decode()

    def forget(self):
        self.text = ""

    def type(self, keys):
        os.write(self.master, keys)

    def ended(self):
        check(self.process.wait(20) == 0, f"assent top ended with {self.process.returncode}")
        self.read_until("the screen before", re.escape("\x1b[?25h\x1b[?1049l") + "$")
        check(termios.tcgetattr(self.slave) == self.mode, "the terminal's mode is not as it was")
        os.close(self.master)
        os.close(self.slave)


def talk(engine, calls, stop):
    senders = [harness.Sender(call["legs"][0]) for call in calls]
    for i in harness.paced(SECONDS):
        if stop.is_set():
            break
        for sender in senders:
            sender.send(bytes([i % 256] * 160))


def screen(engine):
    terminal = Terminal(engine)
    terminal.read_until("three frames", "(\x1b\\[H.*){3}")
    check(terminal.text.startswith("\x1b[?1049h\x1b[?25l"), f"no screen of its own: {terminal.text[:60]!r}")
    for what in (f"assent at {engine.api}  ready", f"calls     {CALLS} of 20", "packets   ", "LATENCY", "SHARD"):
        check(what in terminal.text, f"{what!r} is not on the screen")
    terminal.forget()
    terminal.resize(10, 30)
    terminal.read_until("a frame of another size", "\x1b\\[H.*\x1b\\[J.*\x1b\\[H")
    frame = terminal.text.split("\x1b[H")[-2]
    lines = frame.split("\r\n")
    check(len(lines) == 10 and all(len(re.sub(r"\x1b\[\w", "", line)) <= 30 for line in lines), f"not cut: {lines}")
    terminal.type(b"xy")
    terminal.type(b"q")
    terminal.ended()
    for leave in (lambda t: t.type(b"\x03"), lambda t: os.kill(t.process.pid, signal.SIGTERM)):
        terminal = Terminal(engine)
        terminal.read_until("a frame", "SHARD")
        leave(terminal)
        terminal.ended()


def plain(engine):
    done = engine.command("top", "--state", engine.state, "--once")
    check("\x1b" not in done.stdout, "control characters in plain text")
    rate = int(re.search(r"^packets +([\d,]+)/s", done.stdout, re.M)[1].replace(",", ""))
    check(0.7 * CALLS * 50 <= rate <= 1.3 * CALLS * 50, f"{rate} packets a second, of {CALLS * 50}")
    check(re.search(rf"^calls +{CALLS} of 20; legs holding 1, opening 0, open {CALLS - 1}, paused 0, suspended 0, closed 0$",
                    done.stdout, re.M), done.stdout)
    check(re.search(r"^packet to gate +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +[\d,]+$", done.stdout, re.M), done.stdout)
    print(done.stdout)
    by_address = engine.command("top", "--api", engine.api, "--once", "--interval", "100ms")
    check(f"assent at {engine.api}  ready" in by_address.stdout, "an engine without a token is not shown")


def as_json(engine):
    frame = json.loads(engine.command("top", "--state", engine.state, "--once", "--json").stdout)
    check(frame["ready"] and frame["calls"] == CALLS and frame["legs"]["holding"] == 1, f"{frame}")
    check(0.7 * CALLS * 50 <= frame["packets_per_second"] <= 1.3 * CALLS * 50, f"{frame['packets_per_second']}")
    check(frame["cpu_cores"] >= 0 and frame["resident_bytes"] > 1 << 20 and frame["up_seconds"] > 0, f"{frame}")
    check(frame["blocks_sealed_per_second"] > 0 and frame["ring_bytes"] > 0, f"{frame}")
    check(0 < frame["latencies"]["packet to gate"]["p99"] < 5, f"{frame['latencies']}")
    check(frame["latencies"]["opt-in to open"]["count"] == CALLS - 1, f"{frame['latencies']}")
    check([shard["shard"] for shard in frame["shards"]] == ["0", "1"], f"{frame['shards']}")

    live = subprocess.Popen([engine.program, "top", "--state", engine.state, "--json", "--interval", "100ms"],
                            stdout=subprocess.PIPE, text=True)
    frames = [json.loads(live.stdout.readline()) for _ in range(3)]
    check(all(frame["engine"] == engine.api for frame in frames), "no frames one after the other")
    live.send_signal(signal.SIGINT)
    check(live.wait(20) == 0, f"it ended with {live.returncode}")


def engine_goes(engine):
    terminal = Terminal(engine)
    terminal.read_until("a frame", "SHARD")
    engine.stop()
    terminal.read_until("that nobody answers", "does not answer")
    terminal.type(b"q")
    terminal.ended()
    done = engine.command("top", "--api", engine.api, "--once", code=1)
    check(done.stderr and not done.stdout, f"{done}")


def test(folder):
    engine = harness.Engine(folder, shards=2, ports="26000-26399").start()
    calls = [engine.create_call(policy="per-party") for _ in range(CALLS)]
    for call in calls[1:]:
        engine.decide(call, "customer", "granted")
    stop = threading.Event()
    talking = threading.Thread(target=talk, args=(engine, calls, stop))
    talking.start()
    try:
        harness.wait_until("blocks are full, and on disk", lambda: engine.total("assent_pages_durable_total"))
        plain(engine)
        as_json(engine)
        screen(engine)
    finally:
        stop.set()
        talking.join()
    engine_goes(engine)


harness.run(test)
