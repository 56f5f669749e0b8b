#!/usr/bin/env python3
"""Two people in a room of Debian's Janus, each by WebRTC, whose audio Janus forwards to the legs of a call (README.md's recipe): every
Opus packet that they send after both have agreed is in the recording as it was sent, each person's in their own leg, over a
forwarder that was stopped, and started again with SRTP."""
import base64
import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.request

import harness
from harness import check

PYTHON = "/usr/bin/python3"  # with the distribution's bindings of GStreamer
TALKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "webrtc_talker.py")
PORT = 22588
ADDRESS = "192.0.2.10"
ROOM = 1234
MID = "audio0"  # of the m-line in the talker's offer
OPUS = {"name": "opus", "payload_type": 111, "clock_rate": 48000, "channels": 2}
PEOPLE = ("customer", "agent")

CONFIG = {
    "janus.jcfg": """
general: {{ debug_level = 4  log_to_stdout = true  api_secret = "secret" }}
nat: {{ ice_lite = false  ice_enforce_list = "{address}"  ignore_mdns = true }}
media: {{ rtp_port_range = "42000-42199" }}
""",
    "janus.transport.http.jcfg": """
general: {{ json = "compact"  base_path = "/janus"  http = true  port = {port}  ip = "127.0.0.1"  https = false }}
admin: {{ admin_http = false }}
""",
    "janus.plugin.videoroom.jcfg": """
room-{room}: {{ description = "a call"  publishers = 2  audiocodec = "opus"  audiolevel_ext = false  transport_wide_cc_ext = false }}
""",
}


class Janus:
    def __init__(self, folder):
        if shutil.which("janus") is None:
            harness.skip("janus is not installed")
        configs = os.path.join(folder, "janus")
        os.mkdir(configs)
        for name, text in CONFIG.items():
            with open(os.path.join(configs, name), "w") as file:
                file.write(text.format(port=PORT, room=ROOM, address=ADDRESS))
        self.numbers = itertools.count()
        self.log = os.path.join(folder, "janus.log")
        with open(self.log, "wb") as log:
            process = subprocess.Popen(["janus", "-F", configs, "-o"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        harness.Engine.started.append(process)
        harness.wait_until("janus starts", self.is_up, 30)

    def is_up(self):
        try:
            return self.post("", janus="create")["janus"] == "success"
        except OSError:
            return False

    def post(self, path, **body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/janus{path}", method="POST",
            data=json.dumps({"transaction": str(next(self.numbers)), "apisecret": "secret", **body}).encode())
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)


class Handle:
    """A session with Janus and its video room plugin."""

    def __init__(self, janus):
        self.janus = janus
        self.session = "/" + str(janus.post("", janus="create")["data"]["id"])
        self.path = self.session + "/" + str(janus.post(self.session, janus="attach", plugin="janus.plugin.videoroom")["data"]["id"])

    def ask(self, jsep=None, **body):
        """What the plugin answers at once, or by an event."""
        more = {"jsep": jsep} if jsep else {}
        reply = self.janus.post(self.path, janus="message", body=body, **more)
        if reply["janus"] == "ack":
            reply = self.event()
        check("error" not in reply["plugindata"]["data"], f"janus refuses {body}: {reply}")
        return reply

    def event(self):
        while True:
            url = f"http://127.0.0.1:{PORT}/janus{self.session}?apisecret=secret"
            with urllib.request.urlopen(url, timeout=40) as reply:
                event = json.load(reply)
            if event["janus"] == "event":
                return event


class Person:
    """Somebody in the room, and what Janus knows them by."""

    def __init__(self, janus, name):
        self.talker = subprocess.Popen([PYTHON, TALKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        harness.Engine.started.append(self.talker)
        self.handle = Handle(janus)
        joined = self.handle.ask(request="join", ptype="publisher", room=ROOM, display=name)
        self.publisher = joined["plugindata"]["data"]["id"]
        offer = {"type": "offer", "sdp": self.heard()["offer"]}
        answer = self.handle.ask(jsep=offer, request="publish", descriptions=[{"mid": MID, "description": name}])
        self.tell(answer=answer["jsep"]["sdp"])
        check(self.heard().get("connected"), "WebRTC does not connect")

    def heard(self):
        line = self.talker.stdout.readline()
        check(line, "the talker has ended")
        return json.loads(line)

    def tell(self, **command):
        self.talker.stdin.write(json.dumps(command) + "\n")
        self.talker.stdin.flush()

    def forward(self, leg, **more):
        """README.md's recipe: no pt, or telephone events would pass for audio."""
        reply = self.handle.ask(request="rtp_forward", room=ROOM, publisher_id=self.publisher, host=leg["address"], host_family="ipv4",
                                streams=[{"mid": MID, "port": leg["port"]}], **more)
        return reply["plugindata"]["data"]["forwarders"][0]["stream_id"]

    def stop_forwarding(self, stream):
        self.handle.ask(request="stop_rtp_forward", room=ROOM, publisher_id=self.publisher, stream_id=stream)

    def stop(self):
        """Every payload that was sent, in order."""
        self.tell(stop=True)
        sent = [bytes.fromhex(payload) for payload in self.heard()["sent"]]
        self.talker.wait(10)
        return sent


def packets(engine, call):
    return {leg["label"]: leg["packets"] for leg in engine.show(call)["legs"]}


def stretch(engine, call, seconds):
    """Both talk so long to the recording."""
    before = packets(engine, call)
    harness.wait_until("both are heard", lambda: min(now - before[name] for name, now in packets(engine, call).items()) >= seconds * 50)


def runs_of(recorded, sent):
    """The stretches of what was sent that a file has without a gap, as pairs of first and last."""
    there = [payload in recorded for payload in sent]
    runs, first = [], None
    for i, is_there in enumerate(there + [False]):
        if is_there and first is None:
            first = i
        if not is_there and first is not None:
            runs.append((first, i - 1))
            first = None
    return runs


def test(folder):
    if subprocess.run([PYTHON, "-c", "import gi; gi.require_version('GstWebRTC', '1.0')"], capture_output=True).returncode != 0:
        harness.skip("GStreamer's bindings for WebRTC are not installed")
    harness.enter_own_network(ADDRESS)
    janus = Janus(folder)
    people = {name: Person(janus, name) for name in PEOPLE}
    engine = harness.Engine(folder).start()
    body = engine.call_body(PEOPLE, codec=OPUS)
    for leg in body["legs"]:
        leg["source"] = {"address": "127.0.0.1", "port": 0}
    call = engine.ask("POST", "/v1/calls", body)
    legs = {leg["label"]: leg for leg in call["legs"]}
    for name in PEOPLE:
        engine.decide(call, name, "granted", purposes=["quality"])

    streams = {name: person.forward(legs[name]) for name, person in people.items()}
    stretch(engine, call, 2)
    for name, person in people.items():
        person.stop_forwarding(streams[name])
    time.sleep(0.5)
    held = packets(engine, call)
    time.sleep(0.5)
    check(packets(engine, call) == held, "what is not forwarded any more still comes")
    # Forwarded again, and encrypted: what was not forwarded in between is missing, and known to be.
    keys = {name: base64.b64encode(os.urandom(30)).decode() for name in PEOPLE}
    engine.ask("POST", f"/v1/calls/{call['id']}/legs",
               {"changes": [{"label": name, "srtp": {"suite": "AES_CM_128_HMAC_SHA1_80", "key": key}} for name, key in keys.items()]})
    streams = {name: person.forward(legs[name], srtp_suite=80, srtp_crypto=keys[name]) for name, person in people.items()}
    stretch(engine, call, 2)
    for name, person in people.items():
        person.stop_forwarding(streams[name])

    sent = {name: person.stop() for name, person in people.items()}
    seen = {leg["label"]: leg for leg in engine.show(call)["legs"]}
    recording = engine.end(call)["recording"]
    for name in PEOPLE:
        leg = seen[name]
        check(leg["dropped"] == 0, f"of the {name} {leg['dropped']} packets are dropped")
        status, mka = engine.raw("GET", f"/v1/recordings/{recording}/audio?purpose=quality&format=mka&legs={name}")
        check(status == 200, f"mka answered {status}")
        runs = runs_of(mka, sent[name])
        recorded = sum(last - first + 1 for first, last in runs)
        check(len(runs) == 2 and recorded == leg["packets"],
              f"of {leg['packets']} packets of the {name} that came, {recorded} are in the recording, in {runs}")
        missing = runs[1][0] - runs[0][1] - 1
        check(leg["lost"] == missing, f"of the {name} {missing} packets were not forwarded, and {leg['lost']} are said to be lost")
        other = next(one for one in PEOPLE if one != name)
        check(not runs_of(mka, sent[other]), f"the {other} is in the leg of the {name}")
        print(f"{name}: {recorded} of {leg['packets']} packets are in the recording as they were sent, in two stretches")
    engine.stop()


harness.run(test)
