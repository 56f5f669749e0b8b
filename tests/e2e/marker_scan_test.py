#!/usr/bin/env python3
"""The marker scan: audio nobody consented to is nowhere.

A call's payload repeats a random 32-byte marker, and is listened to for tones, so that it is decoded, too. The call ends by
deadline, hang-up, denial, SIGSEGV with cores enabled, or SIGKILL. Then the marker is looked for, raw, as decoded PCM, as hex
and as base64, in the state folder, the temporary folder, the logs, core files, the raw image of the file system it all ran
on, every write() and send() of the process, and, one second after the wipe, the memory of the process. The scan must find it
in a program that leaks on purpose, and in the decrypted recording of a consented call.
"""
import base64
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import harness
from harness import check
from volume import Volume


class Marker:
    def __init__(self):
        self.bytes = os.urandom(32)
        pcm = [harness.ULAW[byte] for byte in self.bytes]
        encoded = [base64.b64encode((self.bytes * 3)[shift:shift + 48]) for shift in range(3)]
        self.forms = {"raw": self.bytes[:24], "PCM": struct.pack("<32h", *pcm)[:48], "PCM, big-endian": struct.pack(">32h", *pcm)[:48],
                      "hex": self.bytes.hex().encode()[:48], "HEX": self.bytes.hex().upper().encode()[:48],
                      "base64": encoded[0][:24], "base64 + 1": encoded[1][:24], "base64 + 2": encoded[2][:24]}
        self.payload = self.bytes * 5

    def find(self, data):
        """The forms found; the payload repeats, so any rotation of it holds the first 24 bytes somewhere."""
        return [name for name, form in self.forms.items() if form in data]


def scan_file(marker, path):
    found, before = set(), b""
    with open(path, "rb") as file:
        while chunk := file.read(1 << 24):
            found.update(marker.find(before + chunk))
            before = chunk[-256:]
    return sorted(found)


def scan_folder(marker, folder, since=0.0):
    """Files that have not changed since then cannot hold a marker that was made after it."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.isfile(path) or os.path.islink(path):
                continue
            try:
                hits = scan_file(marker, path) if os.stat(path).st_mtime >= since else []
            except OSError:
                continue
            if hits:
                found[path] = hits
    return found


def scan_memory(marker, pid):
    """Every readable mapping of the process, stacks too: what saves registers leaves there what was copied last. Its arena
    is ordinary locked memory here, since secret memory cannot be read from outside at all."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            if line.split()[1][0] != "r" or "[v" in line:
                continue
            try:
                memory.seek(low)
                data = memory.read(high - low)
            except (OSError, ValueError, OverflowError):
                continue
            if hits := marker.find(data):
                found.append((line.strip(), hits))
    return found


class Trace:
    """Every byte that the process writes or sends, by strace."""

    def __init__(self, engine, folder):
        self.path = os.path.join(folder, "trace")
        calls = "write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg"
        self.process = subprocess.Popen(["strace", "-f", "-qq", "-xx", "-s", "1000000", "-e", "trace=" + calls, "-o", self.path,
                                         "-p", str(engine.pid)], stderr=subprocess.DEVNULL)
        harness.wait_until("strace attaches", lambda: self.traces_every_thread(engine.pid))

    def traces_every_thread(self, pid):
        check(self.process.poll() is None, "strace does not attach")
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status") as status:
                if f"TracerPid:\t{self.process.pid}\n" not in status.read():
                    return False
        return True

    def scan(self, marker):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
        found = []
        with open(self.path, errors="replace") as file:
            for line in file:
                for text in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', line):
                    if hits := marker.find(bytes.fromhex(text.replace("\\x", ""))):
                        found.append((line[:80], hits))
        check(os.path.getsize(self.path) > 1000, "the trace is empty: it would prove nothing")
        os.remove(self.path)
        return found


def talk(engine, marker, call, seconds):
    sender = harness.Sender(call["legs"][0])
    for _ in harness.paced(seconds):
        sender.send(marker.payload)
    return sender


def allow_cores():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def guilty_places(folder, marker, how, program=harness.PROGRAM):
    """Runs one unconsented call to its end on a volume of its own; returns where the marker was found."""
    began = time.time() - 1
    work = os.path.join(folder, how + ("" if program == harness.PROGRAM else "-leaking"))
    os.mkdir(work)
    volume = Volume(work)
    found = {}
    try:
        engine = harness.Engine(volume.mount, program=program, deadline="8s" if how == "deadline" else "60s", backing="locked",
                                journal_file="4MiB", calls=4, inband_dtmf="on")
        engine.start(preexec=allow_cores)
        trace = Trace(engine, work)
        call = engine.create_call(policy="per-party")
        sender = talk(engine, marker, call, 1.5)
        check(engine.show(call)["legs"][0]["held_ms"] > 500, "the marker is being held, or the scan proves nothing")
        check(scan_memory(marker, engine.pid), "the scan of the memory finds what is held")
        if how == "denial":
            sender.press("9")
        if how in ("denial", "deadline"):
            harness.wait_until("the gate closes", lambda: engine.show(call)["legs"][0]["gate"] == "closed")
        if how == "hang-up":
            ended = engine.end(call)
            check(ended["recording"] is None, f"nothing was recorded: {ended}")
        if how in ("SIGSEGV", "SIGKILL"):
            engine.kill(getattr(signal, how))
        else:
            time.sleep(1)  # the second within which the wipe must have happened
            if hits := scan_memory(marker, engine.pid):
                found["memory"] = hits
        if hits := trace.scan(marker):
            found["system calls"] = hits
        if how not in ("SIGSEGV", "SIGKILL"):
            engine.stop()
        found.update(scan_folder(marker, volume.mount))
        found.update({path: hits for path, hits in scan_folder(marker, tempfile.gettempdir(), began).items()
                      if not path.startswith(work)})
        cores = [name for name in os.listdir(volume.mount) if name.startswith("core")]
        check(not cores, f"a core file was written: {cores}")
        os.sync()
    finally:
        if "engine" in locals() and engine.process and engine.process.poll() is None:
            engine.process.kill()
            engine.process.wait()
        volume.unmount()
    if hits := scan_file(marker, volume.image):
        found["raw image"] = hits
    shutil.rmtree(work)
    return found


def consented_call_is_found(folder, marker):
    engine = harness.Engine(folder, name="consented").start()
    call = engine.create_call(policy="per-party")
    engine.decide(call, "customer", "granted")
    talk(engine, marker, call, 1.5)
    recording = engine.end(call)["recording"]
    check(not scan_folder(marker, engine.state), "a consented recording is in clear text on disk")
    clear = os.path.join(folder, "clear")
    os.mkdir(clear)
    engine.decrypt(recording, clear)
    check(scan_folder(marker, clear), "the scan does not find the marker where it is")
    shutil.rmtree(clear)
    engine.stop()


def test(folder):
    if os.geteuid() != 0:
        harness.skip("mounting a file system and reading another process's memory need root")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        harness.skip("the hard limit on core files is 0 here: that the engine writes none would prove nothing")
    for program in ("strace", "mkfs.ext4"):
        if shutil.which(program) is None:
            harness.skip(program + " is not on this machine")
    for how in ("deadline", "hang-up", "denial", "SIGSEGV", "SIGKILL"):
        found = guilty_places(folder, Marker(), how)
        check(not found, f"{how}: the marker was found: {found}")
        print(f"{how}: nowhere")
    found = guilty_places(folder, Marker(), "hang-up", os.environ["ASSENT_LEAKING"])
    for place in ("memory", "system calls", "raw image"):
        check(place in found, f"the leaking program was not found guilty by {place}: {list(found)}")
    print("the leaking program: found by " + ", ".join(sorted(os.path.basename(place) for place in found)))
    consented_call_is_found(folder, Marker())
    print("the decrypted recording of a consented call: found")


harness.run(test)
