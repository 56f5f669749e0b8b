"""assent: one shard, both participants of every call consented before the first packet, everything else as it is by default.

How many packets were recorded is what the engine books for each leg of each recording; of a sample the audio is fetched and
counted, too.
"""
import http.client
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "e2e"))
import harness
import packet_counts
import process
from ports import FIRST_PORT, LAST_PORT

WORKERS = 32  # requests at a time
SAMPLE = 10   # recordings that are fetched
PARTIES = ("agent", "customer")
CODEC = {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}
NEW_CALL = {"ref": "load", "participants": [{"ref": party, "role": party, "subject": party} for party in PARTIES],
            "legs": [{"label": party, "participant": party, "codec": CODEC} for party in PARTIES]}


class Api:
    """Requests over connections that stay, one a thread."""

    def __init__(self, engine):
        self._engine = engine
        self._threads = threading.local()

    def raw(self, method, path, body=None, attempts=20):
        if not hasattr(self._threads, "connection"):
            self._threads.connection = http.client.HTTPConnection(self._engine.api, timeout=60)
        headers = {"Authorization": "Bearer " + self._engine.token, "Content-Type": "application/json"}
        self._threads.connection.request(method, path, None if body is None else json.dumps(body), headers)
        with self._threads.connection.getresponse() as reply:
            content = reply.read()
        if reply.status == 503 and attempts > 1:  # asks to be tried again
            time.sleep(0.1)
            return self.raw(method, path, body, attempts - 1)
        if reply.status >= 400:
            raise process.Failed(f"{method} {path}: {reply.status} {content[:300]}")
        return content

    def ask(self, method, path, body=None):
        return json.loads(self.raw(method, path, body))


class Assent:
    name, title = "assent", "assent"

    def __init__(self, folder, calls):
        self.engine = harness.Engine(folder, wrapper=process.on_cpu(process.RECORDER_CPU), calls=calls,
                                     ports=f"{FIRST_PORT}-{LAST_PORT}", pin_shards=[process.RECORDER_CPU],
                                     deadline="600s", journal_file="256MiB")
        self.calls = calls
        self.ports = []

    @staticmethod
    def missing():
        return None if os.path.exists(harness.PROGRAM) else "assent is not built (tools/setup)"

    @property
    def pid(self):
        return self.engine.pid

    def set_up(self):
        self.engine.start()
        self.api = Api(self.engine)
        self.pool = ThreadPoolExecutor(WORKERS)
        self.live = list(self.pool.map(self.begin, range(self.calls)))
        self.ports = [(leg["address"], leg["port"]) for call in self.live for leg in call["legs"]]

    def begin(self, _number):
        call = self.api.ask("POST", "/v1/calls", NEW_CALL)
        for party in PARTIES:
            self.api.ask("POST", f"/v1/calls/{call['id']}/consent",
                         {"participant": party, "decision": "granted", "signal": {"type": "api"}})
        return call

    def finish(self):
        ended = self.pool.map(lambda call: self.api.ask("DELETE", f"/v1/calls/{call['id']}"), self.live)
        self.recordings = [call["recording"] for call in ended]
        if not all(self.recordings):
            raise process.Failed("a consented call has no recording")

    def booked(self, recording):
        return sum(leg["counts"]["PACKETS_RECORDED"] for leg in self.api.ask("GET", f"/v1/recordings/{recording}")["legs"])

    def fetched(self, recording):
        audio = (self.api.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=mka&legs={party}")
                 for party in PARTIES)
        return sum(map(packet_counts.matroska_packets, audio))

    def recorded_packets(self):
        booked = list(self.pool.map(self.booked, self.recordings))
        step = max(1, len(self.recordings) // SAMPLE)
        for recording, packets in list(zip(self.recordings, booked))[::step]:
            found = self.fetched(recording)
            if found != packets:
                raise process.Failed(f"recording {recording} has {found} packets, and {packets} are booked")
        return sum(booked)

    def close(self):
        process.stop(self.engine.process)
        if hasattr(self, "pool"):
            self.pool.shutdown(cancel_futures=True)  # requests under way fail at once
