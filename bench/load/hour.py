#!/usr/bin/env python3
"""An hour of a call centre: calls that talk for some minutes, end and are replaced; every minute a look at what the engine
uses, and every finished recording verified (`assent verify`) while the rest goes on.

  bench/load/hour.py [--calls 1000] [--minutes 60] [--churn 5] [--out bench/results] [--json]

The engine has one core, the generator and the verifying the other, in a network of their own. 1,000 calls write about 61 GB
in an hour; without room for them it does not begin. Told are packets lost, resident memory and open files over time (after
the first minutes, in which pools and caches fill), and how many recordings were verified. With --out a summary is kept there.
Exit status: 0 nothing lost, memory flat within 2 %, files flat, all recordings whole; 1 not so; 3 the generator fell behind.
"""
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import loaded_engine  # first: it says where the next two are
import harness
import process
from loaded_engine import say

BYTES_PER_CALL_SECOND = 2 * 8000 * 1.06  # G.711 of two legs, in its container and sealed
JOURNAL_AND_RESERVE_BYTES = 8 << 30
WARM_UP_SHARE = 1 / 6
FLAT = 0.02
FILES = 5  # journal files and segments being settled come and go
LIST_ROWS = 100


def room_needed(options):
    return options.calls * BYTES_PER_CALL_SECOND * options.minutes * 60 + JOURNAL_AND_RESERVE_BYTES


class Verifier:
    """Verifies recordings once each, oldest first, a minute's worth at a time."""

    def __init__(self, engine):
        self.engine = engine
        self.seen = set()
        self.verified = 0
        self.faults = []

    def finished(self):
        """Complete recordings that have not been verified, read back to one that has."""
        found, cursor = [], ""
        while True:
            page = self.engine.ask("GET", f"/v1/recordings?limit={LIST_ROWS}{cursor}")
            listed = page["recordings"]
            found += [each for each in listed if each["id"] not in self.seen and each["state"] != "open"]
            if page["cursor"] is None or all(each["id"] in self.seen for each in listed):
                return list(reversed(found))
            cursor = "&cursor=" + page["cursor"]

    def go_on(self):
        found = self.finished()
        for at in range(0, len(found), LIST_ROWS):
            some = found[at:at + LIST_ROWS]
            self.seen.update(each["id"] for each in some)
            self.faults += [f"{each['id']} is {each['state']}" for each in some if each["state"] != "complete"]
            done = subprocess.run(process.on_cpu(process.SENDER_CPU) +
                                  ["nice", "-n", "19", harness.PROGRAM, "verify", "--state", self.engine.state,
                                   *(each["id"] for each in some)], capture_output=True, text=True)
            if done.returncode == 0:
                self.verified += len(some)
            else:
                self.faults.append(done.stdout[-500:] + done.stderr[-500:])


def look(engine, begun):
    with open(f"/proc/{engine.pid}/status") as file:
        status = dict(line.split(":", 1) for line in file if ":" in line)
    kib = {name: int(status[name].split()[0]) for name in ("VmRSS", "VmLck")}
    return {"second": round(time.monotonic() - begun), "resident_mib": kib["VmRSS"] / 1024,
            "unlocked_mib": (kib["VmRSS"] - kib["VmLck"]) / 1024,
            "open_files": len(os.listdir(f"/proc/{engine.pid}/fd")),
            "journal_mib": sum(entry.stat().st_size for entry in os.scandir(os.path.join(engine.state, "journal"))) >> 20}


def drift(looks, name):
    """How far the last third of the looks is from the first, as a share."""
    settled = looks[int(len(looks) * WARM_UP_SHARE):]
    third = max(1, len(settled) // 3)
    first, last = (statistics.median(each[name] for each in part) for part in (settled[:third], settled[-third:]))
    return last / first - 1


def run(options, folder):
    engine = loaded_engine.start_engine(folder, options.backing, calls=max(options.calls + options.calls // 5, 100))
    load = loaded_engine.start_load(engine, options.calls, options.minutes * 60, "--churn", str(options.churn),
                                    "--sample", "50")
    loaded_engine.wait_until_all_talk(engine)
    verifier, looks, begun = Verifier(engine), [], time.monotonic()
    next_look = begun + options.every
    while load.poll() is None:
        while load.poll() is None and time.monotonic() < next_look:
            time.sleep(0.5)
        next_look = max(next_look + options.every, time.monotonic())  # verifying may take longer than that
        if load.poll() is None:
            looks.append(look(engine, begun))
            verifier.go_on()
            say(f"{looks[-1]['second']:>5} s: {looks[-1]['resident_mib']:.0f} MiB resident, {looks[-1]['open_files']} files, "
                f"{verifier.verified} recordings verified, {len(verifier.faults)} faults")
    report = loaded_engine.report_of(load)
    verifier.go_on()
    engine.stop()
    resident, unlocked = drift(looks, "resident_mib"), drift(looks, "unlocked_mib")
    files = drift(looks, "open_files") * looks[-1]["open_files"]
    made = report["recordings"]["made"]
    return {"calls": options.calls, "minutes": options.minutes, "churn": options.churn, "valid": report["valid"],
            "sent": report["sent"], "lost": report["lost"], "cpu_ns_per_packet": report["engine"]["cpu_ns_per_packet"],
            "cpu_ns_per_packet_by_thread": report["engine"]["cpu_ns_per_packet_by_thread"],
            "resident_drift": round(resident, 4), "unlocked_drift": round(unlocked, 4), "open_files_drift": round(files, 1),
            "recordings": report["recordings"], "verified": verifier.verified, "faults": verifier.faults,
            "looks": looks, "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}",
            "met": {"nothing_lost": report["lost"] == 0 and not report["recordings"]["missing"],
                    "resident_flat": abs(resident) <= FLAT, "files_flat": abs(files) <= FILES,
                    "all_verified": verifier.verified == made and not verifier.faults}}


def text_of(result):
    first, last = result["looks"][0], result["looks"][-1]
    return "\n".join([
        f"{result['calls']} calls for {result['minutes']} minutes, {result['churn']} a second replaced; {result['when']}, "
        f"{result['machine']}",
        f"{result['sent']} packets sent, {result['lost']} lost; {result['cpu_ns_per_packet']:.0f} ns of CPU a packet: " +
        ", ".join(f"{name} {ns:.0f}" for name, ns in sorted(result["cpu_ns_per_packet_by_thread"].items(), key=lambda e: -e[1])),
        f"resident {first['resident_mib']:.0f} to {last['resident_mib']:.0f} MiB, {100 * result['resident_drift']:+.2f} % after "
        f"the warm-up (without the locked part {first['unlocked_mib']:.0f} to {last['unlocked_mib']:.0f} MiB, "
        f"{100 * result['unlocked_drift']:+.2f} %); open files {first['open_files']} to {last['open_files']}",
        f"recordings: {result['recordings']['made']} made, {result['verified']} verified, {len(result['faults'])} faults; "
        f"{result['recordings']['compared_packets']} packets compared with what was sent, "
        f"{len(result['recordings']['mismatches'])} differ",
        loaded_engine.verdict(result)])


def keep(folder, result):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "hour.json"), "w") as file:
        json.dump(result, file, indent=1)
    with open(os.path.join(folder, "hour.txt"), "w") as file:
        file.write(text_of(result) + "\n")


def measure(options):
    with tempfile.TemporaryDirectory(prefix="assent-hour-", dir=options.folder) as folder:
        result = run(options, folder)
    if options.out:
        keep(options.out, result)
    if not result["valid"]:
        raise loaded_engine.Late
    return result


def main():
    parser = loaded_engine.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--churn", type=int, default=5, help="calls a second (default: %(default)s)")
    parser.add_argument("--every", type=int, default=60, metavar="SECONDS", help="between two looks (default: %(default)s)")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the state folder is made (default: %(default)s)")
    parser.add_argument("--out", metavar="FOLDER", help="where hour.json and hour.txt are kept")
    options = parser.parse_args()
    free = shutil.disk_usage(options.folder).free
    if free < room_needed(options):
        sys.exit(f"{options.folder} has {free >> 30} GiB free and {int(room_needed(options)) >> 30} are needed: make room, or name "
                 "another --folder")
    loaded_engine.enter_network()
    return loaded_engine.measure_and_tell(lambda: measure(options), text_of, options.json)


if __name__ == "__main__":
    sys.exit(main())
