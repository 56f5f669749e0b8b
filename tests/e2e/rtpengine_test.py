"""Debian's rtpengine between two endpoints: the engine asks it for what both say, goes on when either of the two programs was
killed in the middle, and leaves nothing with it when the call is over. Two endpoints of SRTP, whose copies are SRTP, too. And a whole
call, with who comes to it later, and a key that only rtpengine hears."""
import base64
import math
import os
import socket
import subprocess
import sys
import time

import harness
from harness import check
from srtp_sender import SrtpSender, new_key

sys.path.insert(0, os.path.join(harness.ROOT, "bench", "peers"))
from ng_client import NgClient  # noqa: E402
from process import Failed  # noqa: E402
from rtpengine import program  # noqa: E402

CONTROL = 22391
KEYS = 22392  # where it tells of keys
PORTS = (41000, 41199)
CALL = "3848276298220188511@proxy.example"
TAGS = {"customer": "as7d900as8", "agent": "314159"}
BYTES = {"customer": 0x11, "agent": 0x55}

SDP = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP {types}
a=rtpmap:101 telephone-event/8000
a=sendrecv
""".replace("\n", "\r\n")


class Rtpengine:
    def __init__(self, folder):
        self.program = program()
        if self.program is None:
            harness.skip("rtpengine is not installed")
        self.log = os.path.join(folder, "rtpengine.log")
        self.control = NgClient("127.0.0.1", CONTROL)
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=5",
                 "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{CONTROL}", f"--port-min={PORTS[0]}", f"--port-max={PORTS[1]}",
                 f"--dtmf-log-dest=127.0.0.1:{KEYS}", "--delete-delay=0", "--num-threads=2", "--media-num-threads=1"], stdout=log, stderr=log)
        harness.Engine.started.append(self.process)
        harness.wait_until("rtpengine starts", self.control.is_up, 30)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tags(self, call=CALL):
        try:
            return self.control.ask("query", call_id=call)["tags"]
        except Failed:
            return {}

    def subscribers(self, call=CALL):
        """How many copies of what is said in the call it sends."""
        return sum(one["type"] == b"pub/sub" for tag in self.tags(call).values() for one in tag["subscribers"])


class Endpoint:
    """A telephone: RTP from one socket to where rtpengine says, and back."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.sender = harness.Sender({"address": "127.0.0.1", "port": 0})
        self.sender.socket.close()
        self.sender.socket = self.socket
        self.heard = 0

    def sdp(self, types="0 101"):
        return SDP.format(port=self.socket.getsockname()[1], types=types)

    def talk_to(self, sdp):
        port = next(line for line in sdp.decode().split("\r\n") if line.startswith("m=audio ")).split()[1]
        self.sender.to = ("127.0.0.1", int(port))

    def say(self, payload):
        self.sender.send(payload)
        try:
            while self.socket.recv(2048):
                self.heard += 1
        except BlockingIOError:
            pass


class SrtpEndpoint(Endpoint):
    """The same with keys."""
    SUITE = "AES_CM_128_HMAC_SHA1_80"

    def __init__(self):
        super().__init__()
        self.key = new_key(self.SUITE)
        self.sender = SrtpSender({"address": "127.0.0.1", "port": 0}, self.SUITE, self.key, first=0)
        self.sender.socket.close()
        self.sender.socket = self.socket

    def sdp(self, types="0 101"):
        line = f"a=crypto:1 {self.SUITE} inline:{base64.b64encode(self.key).decode()}\r\n"
        return super().sdp(types).replace("RTP/AVP", "RTP/SAVP").replace("a=sendrecv", line + "a=sendrecv")


def connect(rtpengine, endpoints, call=CALL, types="0 101"):
    """What a proxy does: the offer of one to the other, and the answer back."""
    customer, agent = endpoints["customer"], endpoints["agent"]
    offer = rtpengine.control.ask("offer", call_id=call, from_tag=TAGS["customer"], sdp=customer.sdp(types))
    answer = rtpengine.control.ask("answer", call_id=call, from_tag=TAGS["customer"], to_tag=TAGS["agent"], sdp=agent.sdp(types))
    agent.talk_to(offer["sdp"])
    customer.talk_to(answer["sdp"])


def talk(endpoints, seconds):
    before = {name: one.heard for name, one in endpoints.items()}
    for _ in harness.paced(seconds):
        for name, one in endpoints.items():
            one.say(bytes([BYTES[name]] * 160))
    for name, one in endpoints.items():
        check(one.heard - before[name] > seconds * 50 - 10, f"the {name} hears {one.heard - before[name]} packets of the other")


def call_body(engine, call=CALL, tags=TAGS, control=CONTROL):
    body = engine.call_body(("customer", "agent"))
    for leg in body["legs"]:
        del leg["codec"]
        leg.pop("dtmf_payload_type", None)
        leg["source"] = {"rtpengine": {"control": f"127.0.0.1:{control}", "call_id": call, "tag": tags[leg["label"]]}}
    return body


def packets(engine, call):
    return {leg["label"]: leg["packets"] for leg in engine.show(call)["legs"]}


def refused(engine, rtpengine):
    """Nothing is left of what could not be done, here or there."""
    def status_of(body):
        try:
            engine.ask("POST", "/v1/calls", body)
        except harness.Problem as problem:
            return problem.status, str(problem)
        raise AssertionError("it was taken")

    for body, status, words in (
            (call_body(engine, call="another"), 422, "Unknown call"),
            (call_body(engine, tags={**TAGS, "agent": "nobody"}), 422, "no such tag"),
            (call_body(engine, control=CONTROL + 1), 503, "does not answer")):
        told = status_of(body)
        check(told[0] == status and words in told[1], f"refused with {told}, not {status} and \"{words}\"")
    twice = call_body(engine)
    twice["legs"][0]["codec"] = {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}
    check(status_of(twice)[0] == 422, "a codec beside rtpengine's is taken")
    check(engine.ask("GET", "/v1/calls")["calls"] == [], "something is left of a refused call")
    check(rtpengine.subscribers() == 0, "rtpengine still sends what nobody takes")


def not_recorded(engine, rtpengine):
    endpoints = {name: Endpoint() for name in TAGS}
    connect(rtpengine, endpoints, call="gsm", types="3 101")
    try:
        engine.ask("POST", "/v1/calls", call_body(engine, call="gsm"))
    except harness.Problem as problem:
        check("GSM" in str(problem), f"refused with {problem}")
    else:
        raise AssertionError("a codec that is not recorded was taken")
    check(rtpengine.subscribers("gsm") == 0, "rtpengine still sends what is not recorded")


def protected(engine, rtpengine):
    endpoints = {name: SrtpEndpoint() for name in TAGS}
    connect(rtpengine, endpoints, call="protected")
    call = engine.ask("POST", "/v1/calls", call_body(engine, call="protected"))
    check(all(leg["srtp"] for leg in call["legs"]), f"the legs are not SRTP: {call['legs']}")
    for name in TAGS:
        engine.decide(call, name, "granted", purposes=["quality"])
    talk(endpoints, 2)
    shown = engine.show(call)
    recording = engine.end(call)["recording"]
    wav = engine.wav(recording)
    for i, name in enumerate(TAGS):
        counts = shown["legs"][i]["srtp"]
        seconds = wav.legs[i].count(harness.ULAW[BYTES[name]]) / 8000
        check(counts["opened"] >= 95 and counts["unauthentic"] == 0, f"{name}: {counts}")
        check(1.8 < seconds < 2.1, f"of the {name} {seconds} s are in the recording")
        print(f"{name}, {counts['suite']}: {seconds:.2f} of 2 s said")
    harness.wait_until("rtpengine sends nothing more", lambda: rtpengine.subscribers("protected") == 0)


def dial_tone(key, packet):
    """20 ms of the two tones of a key, as PCMU (ITU-T Q.23)."""
    pair = {"1": (697, 1209)}[key]
    times = [(packet * 160 + i) / 8000 for i in range(160)]
    wanted = [int(8000 * sum(math.sin(2 * math.pi * tone * time) for tone in pair)) for time in times]
    return bytes(min(range(256), key=lambda code: abs(harness.ULAW[code] - sample)) for sample in wanted)


def whole_call(engine, rtpengine):
    """Who is in it is asked of rtpengine. The customer's telephone has tones only, which rtpengine turns into events for the agent's
    and tells of; the copy has no events."""
    endpoints = {name: Endpoint() for name in TAGS}
    customer, agent = endpoints["customer"], endpoints["agent"]
    without_events = customer.sdp("0").replace("a=rtpmap:101 telephone-event/8000\r\n", "")
    offer = rtpengine.control.ask("offer", call_id="whole", from_tag=TAGS["customer"], label="customer", sdp=without_events,
                                  codec={"transcode": ["telephone-event"]})
    events = next(line for line in offer["sdp"].decode().split("\r\n") if line.startswith("m=audio")).split()[-1]
    answered = agent.sdp("0 " + events).replace("rtpmap:101", "rtpmap:" + events)
    answer = rtpengine.control.ask("answer", call_id="whole", from_tag=TAGS["customer"], to_tag=TAGS["agent"], sdp=answered)
    agent.talk_to(offer["sdp"])
    customer.talk_to(answer["sdp"])

    source = {"rtpengine": {"control": f"127.0.0.1:{CONTROL}", "call_id": "whole"}}
    call = engine.ask("POST", "/v1/calls", {
        "ref": "whole", "policy": "per-party", "source": source,
        "participants": [{"ref": "customer", "role": "customer", "subject": "person-customer"}]})
    people = {one["ref"]: one["role"] for one in call["participants"]}
    check(people == {"customer": "customer", TAGS["agent"]: "party"}, f"in the call are {people}")
    check(sorted(leg["label"] for leg in call["legs"]) == sorted(["customer", TAGS["agent"]]), f"the legs are {call['legs']}")

    quiet = bytes([0xFF] * 160)
    for packet in range(60):
        customer.say(dial_tone("1", packet) if 20 <= packet < 32 else quiet)
        agent.say(quiet)
        time.sleep(0.02)

    def gates():
        return {leg["label"]: leg["gate"] for leg in engine.show(call)["legs"]}
    harness.wait_until("the customer's key counts", lambda: gates()["customer"] == "open")
    check(gates()[TAGS["agent"]] == "holding", "the customer's key counts for the agent, too")
    entries = engine.ask("GET", "/v1/ledger?call=" + call["id"])["entries"]
    said = [(entry["body"]["participant"], entry["body"]["signal_type"]) for entry in entries if entry["kind"] == "consent"]
    theirs = next(one["id"] for one in call["participants"] if one["ref"] == "customer")
    check(said == [(theirs, "dtmf")], f"on record: {said}")

    # Another offer from the customer's side: a conference, or a transfer.
    third = Endpoint()
    rtpengine.control.ask("offer", call_id="whole", from_tag="third", sdp=third.sdp())
    harness.wait_until("who comes later is in the call", lambda: "third" in gates())
    check(gates()["third"] == "holding", "who comes later is recorded unasked")
    engine.end(call)
    harness.wait_until("rtpengine sends nothing more of it", lambda: rtpengine.subscribers("whole") == 0)
    print("a whole call: two parties and a third, a key by rtpengine's log")


def test(folder):
    rtpengine = Rtpengine(folder)
    rtpengine.start()
    endpoints = {name: Endpoint() for name in TAGS}
    connect(rtpengine, endpoints)
    engine = harness.Engine(folder, calls_at_stop="keep", listen=f'rtpengine_keys = "127.0.0.1:{KEYS}"').start()
    refused(engine, rtpengine)
    not_recorded(engine, rtpengine)
    protected(engine, rtpengine)
    whole_call(engine, rtpengine)

    call = engine.ask("POST", "/v1/calls", call_body(engine))
    check([leg["codec"] for leg in call["legs"]] == ["PCMU/8000"] * 2, f"the legs are {call['legs']}")
    check(rtpengine.subscribers() == 2, f"rtpengine sends {rtpengine.subscribers()} copies")
    for name in TAGS:
        engine.decide(call, name, "granted", purposes=["quality"])
    talk(endpoints, 2)
    first = packets(engine, call)
    check(all(95 <= count <= 105 for count in first.values()), f"of 100 packets of each {first} came")

    # The engine dies: rtpengine goes on sending, and nobody is asked again. What is not durable yet would be lost with it.
    harness.wait_until("what is sealed is durable", lambda: engine.total("assent_journal_queue_pages") == 0)
    engine.kill()
    engine.start()
    talk(endpoints, 1)
    harness.wait_until("both are heard after the engine was killed", lambda: min(packets(engine, call).values()) >= 45)

    # rtpengine dies, and the proxy offers the call again, as a re-INVITE makes it do.
    rtpengine.kill()
    rtpengine.start()
    harness.wait_until("the engine notices", lambda: "has forgotten it" in engine.log())
    connect(rtpengine, endpoints)
    harness.wait_until("the engine has asked again", lambda: rtpengine.subscribers() == 2)
    before = packets(engine, call)
    talk(endpoints, 2)
    after = packets(engine, call)
    heard = {name: after[name] - before[name] for name in TAGS}
    check(all(count >= 90 for count in heard.values()), f"after rtpengine's restart of 100 packets of each {heard} came")
    check("sends it again" in engine.log(), "the log does not say that it is sent again")

    recording = engine.end(call)["recording"]
    harness.wait_until("rtpengine sends nothing more", lambda: rtpengine.subscribers() == 0)
    talk(endpoints, 0.5)  # to each other, as before
    wav = engine.wav(recording)
    for i, name in enumerate(TAGS):
        seconds = wav.legs[i].count(harness.ULAW[BYTES[name]]) / 8000
        others = sum(wav.legs[i].count(harness.ULAW[byte]) for other, byte in BYTES.items() if other != name)
        check(4.5 < seconds < 5.2 and others == 0, f"of the {name} {seconds} s are in the recording, and {others} samples of the other")
        print(f"{name}: {seconds:.2f} of 5 s said, over a restart of each program")

    # A call that goes with the engine's end, and one that rtpengine's end takes nothing from.
    last = engine.ask("POST", "/v1/calls", call_body(engine))
    check(rtpengine.subscribers() == 2, "the call is not asked for again")
    rtpengine.kill()
    began = time.monotonic()
    check(engine.end(last)["recording"] is None, "a call without a yes has a recording")
    check(time.monotonic() - began < 2, f"a call whose rtpengine is gone ends after {time.monotonic() - began:.1f} s")
    engine.stop()


harness.run(test)
