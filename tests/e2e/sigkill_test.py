#!/usr/bin/env python3
"""SIGKILL at random moments of running calls, and after it torn, zeroed and doubled journal tails: after each restart every
stored segment verifies, the calls go on, their recordings are marked as recovered once they end, and no more audio is missing
than what had not reached the journal: seal.max_delay and one commit interval.

  KILLS=200 tests/e2e/sigkill_test.py
"""
import os
import random
import threading

import harness
from harness import check

KILLS = int(os.environ.get("KILLS", "200"))
LANES = 4  # engines at the same time, each with a state folder of its own
MAX_LOST_S = 1.0 + 0.25


class Lane(threading.Thread):
    def __init__(self, folder, number, kills):
        super().__init__()
        self.random = random.Random(number)
        self.kills = kills
        self.error = None
        self.worst_s = 0.0
        self.segments = 0
        ports = 22000 + number * 400
        self.engine = harness.Engine(folder, name=f"lane{number}", ports=f"{ports}-{ports + 399}", segment_time="5s",
                                     journal_file="4MiB", calls=8)
        self.interrupted = []  # (call, recording, seconds sent) of the run that was killed

    def run(self):
        try:
            for i in range(self.kills):
                self.start_and_check()
                self.run_until_killed(8.0 if i % 10 == 9 else 2.0)
                if i % 4 == 3:
                    self.damage_tail(("torn", "zeroed", "doubled", "cut")[i // 4 % 4])
            self.start_and_check()
            self.engine.stop()
            self.engine.command("verify", "--state", self.engine.state)
        except BaseException as error:  # told by the main thread
            self.error = error
            if self.engine.process and self.engine.process.poll() is None:
                self.engine.process.kill()

    def run_until_killed(self, at_most_s):
        calls = [self.engine.create_call(policy="per-party") for _ in range(2)]
        for call in calls:
            self.engine.decide(call, "customer", "granted")
        recordings = [harness.wait_until("the recording is there", lambda: self.engine.show(call).get("recording"))
                      for call in calls]
        senders = [harness.Sender(call["legs"][0]) for call in calls]
        sent = 0
        for i in harness.paced(self.random.uniform(0.05, at_most_s)):
            for sender in senders:
                sender.send(bytes([i % 256] * 160))
            sent += 1
        self.engine.kill()
        self.interrupted = [(call, recording, sent * 0.02) for call, recording in zip(calls, recordings)]
        for sender in senders:
            sender.close()

    def damage_tail(self, kind):
        """What a power loss may leave behind the last sync: it must not be believed, and nothing before it doubted."""
        folder = os.path.join(self.engine.state, "journal")
        for name in sorted(os.listdir(folder))[-1:]:
            with open(os.path.join(folder, name), "r+b") as file:
                data = file.read()
                used = len(data.rstrip(b"\0"))
                used = (used + 4095) // 4096 * 4096
                if kind == "torn":  # half of a page of something
                    file.seek(used)
                    file.write(os.urandom(2048))
                elif kind == "zeroed":  # pages that were reserved and never written
                    file.seek(used)
                    file.write(bytes(8192))
                elif kind == "doubled" and used:  # the last pages once more
                    file.seek(used)
                    file.write(data[max(0, used - 8192):used])
                elif kind == "cut":
                    file.truncate(used)

    def start_and_check(self):
        engine = self.engine.start()
        check(engine.ask("GET", "/v1/ledger/verify")["intact"], "the ledger does not verify")
        back = {call["id"] for call in engine.ask("GET", "/v1/calls")["calls"]}
        check(back == {call["id"] for call, _, _ in self.interrupted},
              "not the calls from before the crash go on: " + engine.log()[-1000:])
        for call, recording, seconds in self.interrupted:
            check(engine.end(call)["recording"] == recording, "the call has another recording")
            shown = engine.ask("GET", f"/v1/recordings/{recording}")
            check(shown["state"] == "recovered", f"the recording is {shown['state']} after a crash")
            have = sum(harness.seconds_of(segment) for segment in shown["segments"])
            self.segments += len(shown["segments"])
            missing = seconds - have
            self.worst_s = max(self.worst_s, missing)
            check(missing <= MAX_LOST_S, f"{missing:.2f} s of {seconds:.2f} s are missing in {recording}")
        # The catalog's segments and the store's objects are the same, and each verifies.
        said = engine.command("verify", "--state", engine.state, "--json", code=None)
        check(said.returncode == 0, f"not everything verifies: {said.stdout[-1500:]} {said.stderr[-500:]}")
        booked, cursor = 0, ""
        while cursor is not None:
            page = engine.ask("GET", "/v1/recordings" + (f"?cursor={cursor}" if cursor else ""))
            for recording in page["recordings"]:
                booked += len(engine.ask("GET", f"/v1/recordings/{recording['id']}")["segments"])
            cursor = page["cursor"]
        check(booked == len(engine.segment_files()), f"{booked} segments booked, {len(engine.segment_files())} stored")
        self.interrupted = []


def test(folder):
    lanes = [Lane(folder, number, KILLS // LANES) for number in range(LANES)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    for lane in lanes:
        if lane.error:
            raise lane.error
    print(f"{KILLS} kills: {sum(lane.segments for lane in lanes)} segments recovered, all verify; at most "
          f"{max(lane.worst_s for lane in lanes):.2f} s of audio missing (allowed: {MAX_LOST_S} s)")


harness.run(test)
