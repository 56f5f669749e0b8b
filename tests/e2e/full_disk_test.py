#!/usr/bin/env python3
"""A disk that fills, on a file system of the test's own (an image, loop-mounted), while calls are being recorded.

Below its reserve no new call is taken, which is said, and those in progress go on. Down to the last of it, nothing but the
catalog is written: audio waits in memory, decisions are still put on record. Filled to the last byte, nothing opens that
cannot be put on record. When there is room again everything is stored, new calls are taken, and every packet of every call
that had consent is there.
"""
import os
import shutil
import subprocess
import threading
import time

import harness
from harness import check

MIB = 1 << 20
IMAGE_MIB = 160
RESERVE_MIB = 32
FLOOR_MIB = 8  # base/limits.h, kDiskFloorBytes
LEGS = ("a", "b", "c")


class Volume:
    def __init__(self, folder):
        for program in ("mkfs.ext4", "mount"):
            if shutil.which(program) is None:
                harness.skip(program + " is not on this machine")
        image, self.mount = os.path.join(folder, "image"), os.path.join(folder, "mounted")
        os.mkdir(self.mount)
        with open(image, "wb") as file:
            file.truncate(IMAGE_MIB * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        if os.geteuid() != 0 or subprocess.run(["mount", "-o", "loop", image, self.mount], capture_output=True).returncode:
            harness.skip("a file system image cannot be mounted here (needs root and loop devices)")
        self.ballast = os.path.join(self.mount, "ballast")
        self.ballast_bytes = 0

    def free(self):
        space = os.statvfs(self.mount)
        return space.f_bavail * space.f_frsize

    def leave(self, mib):
        """Takes what is more than that, in one file, or gives it back."""
        wanted = self.ballast_bytes + self.free() - int(mib * MIB)
        with open(self.ballast, "ab") as file:
            if wanted > self.ballast_bytes:
                os.posix_fallocate(file.fileno(), 0, wanted)
            else:
                file.truncate(max(0, wanted))
        self.ballast_bytes = max(0, wanted)

    def fill(self):
        """To the last byte, whatever is freed meanwhile."""
        with open(self.ballast, "ab") as file:
            while True:
                try:
                    os.write(file.fileno(), bytes(1 << 16))
                except OSError:
                    break
            self.ballast_bytes = file.tell()

    def empty(self):
        os.remove(self.ballast)
        self.ballast_bytes = 0

    def unmount(self):
        subprocess.run(["umount", self.mount], check=True)


def payload(number):
    return (b"\x5a\xa5" + number.to_bytes(2, "big")) * 480


def l16(**more):
    return dict(codec={"name": "L16", "payload_type": 96, "clock_rate": 48000}, policy="per-party", **more)


def ask_for_a_call(engine):
    return engine.reply("POST", "/v1/calls", engine.call_body(policy="per-party"))


def decide(engine, call, who, what):
    return engine.reply("POST", f"/v1/calls/{call['id']}/consent",
                        {"participant": who, "decision": what, "signal": {"type": "api"}})


def readiness(engine):
    status, _, body, _ = engine.reply("GET", "/readyz")
    return status, str(body)


def fill_and_empty(volume):
    engine = harness.Engine(volume.mount, ports="31000-31999", calls=60, hold="2s", deadline="300s", segment_time="5s",
                            journal_file="8MiB", more=f'[overload]\ndisk_reserve = "{RESERVE_MIB}MiB"').start()
    done = threading.Event()
    streams = []
    try:
        call = engine.create_call(LEGS, **l16())
        for name in LEGS:
            check(decide(engine, call, name, "granted")[0] == 200, "a grant")
        streams += [harness.Stream(leg, done, payload) for leg in call["legs"]]
        waiting = engine.create_call(policy="per-party")  # for decisions on a full disk
        to_withdraw = engine.create_call(policy="per-party")
        check(decide(engine, to_withdraw, "customer", "granted")[0] == 200, "a grant")
        harness.wait_until("segments are stored", engine.segment_files, 30)

        # Above the reserve there is nothing to say.
        volume.leave(RESERVE_MIB + 20)
        harness.wait_until("the engine sees how much is free",
                           lambda: engine.metrics()["assent_disk_free_bytes"] <= (RESERVE_MIB + 21) * MIB, 5)
        status, _, admitted, _ = ask_for_a_call(engine)
        check(status == 201 and readiness(engine)[0] == 200, f"there is room, and a call is answered {status}: {admitted}")

        # Below it, admission stops first, and alone.
        volume.leave(RESERVE_MIB - 4)
        harness.wait_until("the engine sees that the disk is full", lambda: engine.metrics()["assent_disk_full"] == 1, 5)
        status, headers, body, took = ask_for_a_call(engine)
        check(status == 503 and body["type"] == "urn:assent:problem:disk-full" and int(headers["Retry-After"]) > 0,
              f"a new call is answered {status}: {body}")
        print("refused: " + body["detail"])
        check("disk full: no new calls are taken" in engine.log(), "the log says nothing")
        status, said = readiness(engine)
        check(status == 503 and "MiB free" in said, f"readiness: {said}")
        check(engine.metrics()["assent_overload_stage"] == 0, "a full disk makes nothing else wait")
        check(engine.reply("GET", "/v1/recordings")[0] == 200, "listings are answered")
        stored = len(engine.segment_files())
        harness.wait_until("the calls in progress are stored from the reserve", lambda: len(engine.segment_files()) > stored, 20)
        check(engine.reply("DELETE", f"/v1/calls/{admitted['id']}")[0] == 200, "a call can end")

        # To the last of it: the journal has no room for another file, and audio waits in memory.
        volume.leave(FLOOR_MIB + 3)
        harness.wait_until("the journal waits for room", lambda: "journal-0" in readiness(engine)[1], 90)
        print("waiting: " + readiness(engine)[1][:300])
        time.sleep(2)
        check(volume.free() > FLOOR_MIB * MIB // 2, f"the catalog's part is used up: {volume.free()} bytes are free")
        status, _, body, _ = decide(engine, waiting, "customer", "denied")
        check(status == 200, f"a denial on a full disk is answered {status}: {body}")
        status, _, body, _ = decide(engine, to_withdraw, "customer", "withdrawn")
        check(status == 200, f"a withdrawal on a full disk is answered {status}: {body}")
        in_memory = engine.metrics()['assent_queue_fill_ratio{queue="journal"}']
        check(in_memory > 0, "nothing waits in memory")
        check(all(leg["gate"] == "open" for leg in engine.show(call)["legs"]), "the call is disturbed")

        # To the last byte: what cannot be put on record opens nothing.
        volume.fill()
        time.sleep(2)
        status, said = readiness(engine)
        check(status == 503, f"readiness on a disk without a free byte: {said}")
        check(all(leg["gate"] == "open" for leg in engine.show(call)["legs"]), "the call is disturbed")

        volume.empty()
        harness.wait_until("there is room again, and it is said", lambda: readiness(engine)[0] == 200, 60)
        status, _, body, _ = ask_for_a_call(engine)
        check(status == 201, f"a new call is answered {status}: {body}")
        done.set()
        for stream in streams:
            stream.join()
        ended = engine.end(call)
        check(ended["why"] == "complete", f"ended: {ended}")
        shown = engine.ask("GET", f"/v1/recordings/{ended['recording']}")
        check(shown["state"] == "complete" and shown["gaps"] == [], f"the recording is {shown['state']}: {shown['gaps']}")
        for stream, leg in zip(streams, shown["legs"]):
            status, data = engine.raw("GET", f"/v1/recordings/{ended['recording']}/audio?purpose=quality&format=mka&legs="
                                      + leg["label"])
            check(status == 200, f"the export answered {status}")
            missing = [n for n in range(stream.sent) if (b"\x5a\xa5" + n.to_bytes(2, "big")) * 480 not in data]
            check(not missing, f"{len(missing)} of {stream.sent} packets are missing: {missing[:5]}")
        for other in (waiting, to_withdraw, body):
            engine.end(other)
        engine.stop()
        engine.command("verify", "--state", engine.state)
        print(f"{len(LEGS)} legs, {streams[0].sent} packets each over a disk that filled to the last byte: none is missing; "
              f"{in_memory:.2%} of the sealed pages waited in memory")
    finally:
        done.set()
        for stream in streams:
            stream.join()
        if engine.process and engine.process.poll() is None:
            engine.process.kill()
            engine.process.wait()
        shutil.copy(engine.log_path, os.path.dirname(volume.mount))


def test(folder):
    volume = Volume(folder)
    try:
        fill_and_empty(volume)
    finally:
        volume.unmount()


harness.run(test)
