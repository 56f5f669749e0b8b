"""What the end-to-end tests share: the real program, real sockets, real files.

Each test is a program of its own. It makes a folder below the system's temporary one, starts build/assent on it, sends RTP
to it over loopback, and ends only what it started. A check that fails raises, and the test exits 1.
"""
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("ASSENT_PROGRAM", os.path.join(ROOT, "build", "assent"))
LOAD = os.environ.get("ASSENT_LOAD", os.path.join(ROOT, "build", "release", "bench", "load", "assent-load"))

PIPELINE = """
[listen]
api = "127.0.0.1:0"
rtp_address = "127.0.0.1"
rtp_ports = "{ports}"
{listen}
[capacity]
calls = {calls}
[threads]
shards = {shards}
pin_shards = {pin_shards}
[media]
sockets = "{sockets}"
inband_dtmf = "{inband_dtmf}"
[consent]
policy = "{policy}"
hold = "{hold}"
deadline = "{deadline}"
preroll = "{preroll}"
on_withdraw = "{on_withdraw}"
default_purposes = ["quality"]
{consent}
[consent.digits]
"1" = {{ decision = "granted", purposes = ["quality"] }}
"9" = {{ decision = "denied" }}
[[purposes]]
id = "quality"
description = "Checking the quality of our service"
[[purposes]]
id = "training"
description = "Training our agents"
[seal]
segment_time = "{segment_time}"
[journal]
file_size = "{journal_file}"
sealed_pages = {sealed_pages}
[memory]
backing = "{backing}"
[shutdown]
drain = "{drain}"
calls = "{calls_at_stop}"
{more}
"""

# Of a pipeline file whose engine gives receipts.
CONTROLLER = """
[controller]
id = "DE123456789"
name = "Example Ltd"
address = "1 Example Street, 10115 Berlin, Germany"
contact = "privacy@example.com"
jurisdiction = "DE"
"""

# Media ports lie below net.ipv4.ip_local_port_range in every test: the senders' sockets get theirs from it, and a call
# whose port somebody else has got does not go on after a restart.
DEFAULTS = dict(ports="31000-31999", calls=20, policy="all-party", hold="30s", deadline="60s", preroll="all",
                on_withdraw="keep", segment_time="60s", journal_file="16MiB", backing="secret",
                sockets="auto", inband_dtmf="off", shards=1, pin_shards=[], drain="0s", calls_at_stop="end", sealed_pages=32768,
                listen="", consent="", more="")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_until(what, condition, patience=20.0):
    """Polls a condition of another process; there is no event to wait for."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("not in time: " + what)


class Problem(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Engine:
    """One running `assent run`, on a state folder that outlives it."""
    started = []  # by this test: what a failure leaves running is ended

    def __init__(self, folder, program=PROGRAM, name="state", wrapper=(), arguments=(), **options):
        self.folder = folder
        self.state = os.path.join(folder, name)
        self.program = program
        self.wrapper = list(wrapper)
        self.arguments = list(arguments)
        self.pipeline = os.path.join(folder, name + ".toml")
        self.options = {}
        self.configure(**options)
        self.log_path = os.path.join(folder, name + ".log")
        self.process = None

    def configure(self, **options):
        """Writes the pipeline file, with these options changed."""
        self.options.update(options)
        with open(self.pipeline, "w") as file:
            file.write(PIPELINE.format(**{**DEFAULTS, **self.options}))

    def start(self, preexec=None):
        engine_file = os.path.join(self.state, "engine.json")
        if os.path.exists(engine_file):
            os.remove(engine_file)  # of a run that was killed
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.wrapper + [self.program, "run", self.pipeline, "--state", self.state] + self.arguments,
                stdout=log, stderr=log, cwd=self.folder, preexec_fn=preexec)
        Engine.started.append(self.process)

        def is_up():
            if self.process.poll() is not None:
                raise AssertionError("the engine ended at start: " + self.log()[-2000:])
            return os.path.exists(engine_file)
        wait_until("the engine starts", is_up, 60)
        with open(engine_file) as file:
            content = json.load(file)
        self.api, self.pid = content["api"], content["pid"]
        with open(os.path.join(self.state, "admin.token")) as file:
            self.token = file.read().strip()
        return self

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def kill(self, how=signal.SIGKILL):
        os.kill(self.pid, how)
        self.process.wait(60)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.kill(signal.SIGTERM)
        check(self.process.returncode == 0, f"the engine stopped with {self.process.returncode}: {self.log()[-2000:]}")

    def raw(self, method, path, body=None, headers=None, token=None):
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.api}{path}", data=data, method=method)
        request.add_header("Authorization", "Bearer " + (self.token if token is None else token))
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def reply(self, method, path, body=None):
        """Status, headers, content and the seconds it took; for what may be refused."""
        began = time.monotonic()
        request = urllib.request.Request(f"http://{self.api}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                status, headers, text = reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as refused:
            status, headers, text = refused.code, refused.headers, refused.read()
        return status, headers, json.loads(text) if text else None, time.monotonic() - began

    def metrics(self):
        """Every sample of /metrics, by its name with labels."""
        status, text = self.raw("GET", "/metrics")
        check(status == 200, f"the metrics answered {status}")
        lines = [line.rsplit(" ", 1) for line in text.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def total(self, family, **labels):
        """The sum of a metric's samples that have these labels."""
        wanted = [f'{name}="{value}"' for name, value in labels.items()]
        return sum(value for name, value in self.metrics().items()
                   if name.split("{")[0] == family and all(label in name for label in wanted))

    def ask(self, method, path, body=None, **more):
        status, text = self.raw(method, path, body, **more)
        content = json.loads(text) if text else None
        if status >= 400:
            raise Problem(status, content)
        return content

    def command(self, *arguments, code=0):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=120)
        check(code is None or done.returncode == code,
              f"assent {' '.join(arguments)} ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        return done

    # ---- calls ----

    @staticmethod
    def call_body(legs=("customer",), codec=None, policy=None, **more):
        codec = codec or {"name": "PCMU", "payload_type": 0, "clock_rate": 8000}
        body = {"ref": "call-1",
                "participants": [{"ref": leg, "role": leg, "subject": "person-" + leg} for leg in legs],
                "legs": [{"label": leg, "participant": leg, "codec": codec, "dtmf_payload_type": 101} for leg in legs]}
        if policy:
            body["policy"] = policy
        body.update(more)
        return body

    def create_call(self, *legs, **how):
        return self.ask("POST", "/v1/calls", self.call_body(*legs, **how))

    def record(self, ref, people, seconds=0.5, **how):
        """A call of these people, a reference for each leg, who all agree and talk; its recording and its id."""
        body = self.call_body(tuple(people), ref=ref, **how)
        for participant, person in zip(body["participants"], people.values()):
            participant["subject"] = person
        call = self.ask("POST", "/v1/calls", body)
        for leg in people:
            self.decide(call, leg, "granted", purposes=["quality"])
        senders = [Sender(leg) for leg in call["legs"]]
        for _ in paced(seconds):
            for sender in senders:
                sender.send(b"\x21" * 160)
        return self.end(call)["recording"], call["id"]

    def decide(self, call, participant, decision, **more):
        return self.ask("POST", f"/v1/calls/{call['id']}/consent",
                        {"participant": participant, "decision": decision, "signal": {"type": "api"}, **more})

    def end(self, call):
        return self.ask("DELETE", f"/v1/calls/{call['id']}")

    def show(self, call):
        return self.ask("GET", f"/v1/calls/{call['id']}")

    def keys(self, recording, purpose="quality"):
        """The leg keys of a recording, as `assent export --keys` prints them."""
        done = self.command("export", recording, "--keys", "--purpose", purpose, "--json", "--state", self.state)
        return json.loads(done.stdout)

    def segment_files(self, call=""):
        """All of them, or a call's: each call has a folder by its id."""
        found = []
        for folder, _, files in os.walk(os.path.join(self.state, "segments")):
            found += [os.path.join(folder, file) for file in files if call in folder]
        return sorted(found)

    def wav(self, recording, purpose="quality"):
        status, body = self.raw("GET", f"/v1/recordings/{recording}/audio?purpose={purpose}&format=wav")
        check(status == 200, f"audio answered {status}: {body[:300]}")
        return Wav(body)

    def decrypt(self, recording, into, exported=None, call=""):
        """Every segment of the state folder, or of a call, by the AWS Encryption SDK; the recording's keys must open them."""
        keys = os.path.join(into, "keys.json")
        with open(keys, "w") as file:
            json.dump(exported or self.keys(recording), file)
        oracle = os.path.join(ROOT, "tests", "crypto", "oracle")
        if shutil.which("node") is None or shutil.which("npm") is None:
            skip("node and npm are needed for the AWS Encryption SDK")
        if not os.path.isdir(os.path.join(oracle, "node_modules")):
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=oracle, check=True, capture_output=True)
        done = subprocess.run(["node", os.path.join(oracle, "decrypt.mjs"), "--keys", keys, "--out", into,
                               *self.segment_files(call)], capture_output=True, text=True, timeout=300)
        check(done.returncode == 0, "the SDK does not decrypt: " + done.stdout[-500:] + done.stderr[-1500:])
        os.remove(keys)
        return sorted(os.path.join(into, name) for name in os.listdir(into))


class Wav:
    """A RIFF file of 16-bit PCM, cut into channels."""

    def __init__(self, data):
        check(data[:4] == b"RIFF" and data[8:16] == b"WAVEfmt ", "not a WAV file")
        self.channels, self.rate = struct.unpack("<HI", data[22:28])
        at = 12
        while data[at:at + 4] != b"data":
            at += 8 + struct.unpack("<I", data[at + 4:at + 8])[0]
        size = struct.unpack("<I", data[at + 4:at + 8])[0]
        check(at + 8 + size == len(data), "the WAV header and the length differ")
        samples = struct.unpack(f"<{size // 2}h", data[at + 8:at + 8 + size])
        self.legs = [samples[channel::self.channels] for channel in range(self.channels)]


def threads_of(pid):
    """The names of a process's threads, by thread."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm") as file:
            found[int(thread)] = file.read().strip()
    return found


class Sender:
    """One RTP stream (RFC 3550) to one leg, paced or as fast as it is told."""

    def __init__(self, leg, payload_type=0, ticks=160):
        self.to = (leg["address"], leg["port"])
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.payload_type = payload_type
        self.ticks = ticks
        self.sequence = random.randrange(65536)
        self.timestamp = random.randrange(2**32)
        self.ssrc = random.randrange(2**32)

    def packet(self, payload, payload_type=None, marker=0, timestamp=None):
        header = struct.pack(">BBHII", 0x80, marker << 7 | (self.payload_type if payload_type is None else payload_type),
                             self.sequence & 0xFFFF, (self.timestamp if timestamp is None else timestamp) & 0xFFFFFFFF,
                             self.ssrc)
        self.sequence += 1
        return header + payload

    def send(self, payload):
        self.socket.sendto(self.packet(payload), self.to)
        self.timestamp += self.ticks

    def skip(self):  # a packet that is lost on the way
        self.sequence += 1
        self.timestamp += self.ticks

    def press(self, digit, payload_type=101):
        """RFC 4733: three updates, then the end packet three times."""
        code = "0123456789*#ABCD".index(digit)
        start = self.timestamp
        for i in range(6):
            end = 0x80 if i >= 3 else 0
            duration = min(i + 1, 4) * self.ticks
            event = struct.pack(">BBH", code, end | 10, duration)
            self.socket.sendto(self.packet(event, payload_type, marker=int(i == 0), timestamp=start), self.to)
        self.timestamp += 4 * self.ticks

    def close(self):
        self.socket.close()


class Stream(threading.Thread):
    """L16 at 48 kHz, 20 ms a packet, 96,000 bytes a second, until `done` is set; packet n carries `payload(n)`."""

    def __init__(self, leg, done, payload):
        super().__init__()
        self.sender, self.done, self.payload = Sender(leg, 96, 960), done, payload
        self.sent, self.late_s = 0, 0.0
        self.start()

    def run(self):
        start = time.monotonic()
        while not self.done.is_set():
            wait = start + self.sent * 0.02 - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self.late_s = max(self.late_s, -wait)
            self.sender.send(self.payload(self.sent))
            self.sent += 1
        self.sender.close()


class Stall:
    """The disk of one engine, or one of its files, and how it stalls or is full (stalling_disk.cpp)."""

    SHIM = os.environ.get("ASSENT_STALLING_DISK",
                          os.path.join(ROOT, "build", "release", "tests", "e2e", "libassent_stalling_disk.so"))

    def __init__(self, folder, name, only=None, full=False):
        self.file = os.path.join(folder, name + ".stall")
        self.wrapper = ["env", "LD_PRELOAD=" + self.SHIM, "ASSENT_STALL=" + self.file]
        if only:
            self.wrapper.append("ASSENT_STALL_ONLY=" + only)
        if full:
            self.wrapper.append("ASSENT_STALL_FULL=1")
        self.began = None

    def begin(self):
        open(self.file, "w").close()
        self.began = time.monotonic()

    def seconds(self):
        return time.monotonic() - self.began

    def wait_for(self, seconds):
        time.sleep(max(0.0, seconds - self.seconds()))

    def end(self):
        os.remove(self.file)
        return self.seconds()


class Asking(threading.Thread):
    """One request that is under way."""

    def __init__(self, engine, method, path, body=None):
        super().__init__()
        self.request = (engine, method, path, body)
        self.reply = None
        self.start()

    def run(self):
        engine, method, path, body = self.request
        self.reply = engine.reply(method, path, body)

    def answer(self):
        self.join(60)
        check(self.reply, f"no answer to {self.request[1:]}")
        return self.reply


def paced(seconds, interval=0.02):
    """Yields once an interval, on time."""
    start = time.monotonic()
    for i in range(int(seconds / interval)):
        wait = start + i * interval - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        yield i


def seconds_of(segment):
    """How much time a segment of a recording covers."""
    def seconds(text):
        whole, fraction = text.rstrip("Z").split(".")
        return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + fraction)
    return seconds(segment["ended"]) - seconds(segment["started"])


def ulaw_decode(byte):
    """G.711 mu-law, from the definition."""
    value = ~byte & 0xFF
    magnitude = (((value & 0x0F) << 3) + 0x84) << ((value >> 4) & 7)
    return (0x84 - magnitude) if value & 0x80 else (magnitude - 0x84)


def alaw_decode(byte):
    """G.711 A-law, from the definition."""
    value = byte ^ 0x55
    segment = (value >> 4) & 7
    magnitude = ((value & 0x0F) << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if value & 0x80 else -magnitude


ULAW = [ulaw_decode(byte) for byte in range(256)]
ALAW = [alaw_decode(byte) for byte in range(256)]


def find_run(samples, wanted):
    """Where `wanted` lies in `samples`, or -1."""
    first = struct.pack(f"<{len(wanted)}h", *wanted)
    data = struct.pack(f"<{len(samples)}h", *samples)
    at = data.find(first)
    while at >= 0 and at % 2:
        at = data.find(first, at + 1)
    return at // 2 if at >= 0 else -1


def skip(why):
    print("SKIPPED: " + why)
    sys.exit(77)


def enter_own_network(address):
    """Goes on, with all that is started from here on, in a network namespace that has loopback and this address, and ends with it:
    for programs that do not talk over loopback (ICE), and senders that need addresses of their own."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
        skip("a network namespace takes CAP_SYS_ADMIN: " + os.strerror(ctypes.get_errno()))
    for command in ("link set lo up", "link add name own type veth peer name other", f"address add {address}/24 dev own",
                    "link set own up", "link set other up"):
        subprocess.run(["ip", *command.split()], check=True)


def run(test):
    """Runs a test in a folder of its own, which is removed when it passed."""
    folder = tempfile.mkdtemp(prefix="assent-e2e-")
    try:
        test(folder)
    except BaseException:
        for process in Engine.started:
            if process.poll() is None:
                process.kill()
        print(f"the folder is kept: {folder}")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".log"):
                with open(os.path.join(folder, name), errors="replace") as file:
                    print(f"--- {name}\n" + file.read()[-3000:])
        raise
    shutil.rmtree(folder)
    print("passed")
