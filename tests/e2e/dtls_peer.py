"""Who sends by DTLS-SRTP (RFC 5763, RFC 5764), for the end-to-end tests: handshakes by the openssl program from the port that the audio
then comes from, GStreamer's by a relay, and what others send into them. It shares no code with the engine."""
import collections
import hashlib
import itertools
import os
import random
import re
import select
import socket
import ssl
import struct
import subprocess
import threading

import harness
from harness import check
from srtp_sender import SUITES, Protection, SrtpSender, new_key

# OpenSSL's names, and those of the suites.
PROFILES = {"SRTP_AES128_CM_SHA1_80": "AES_CM_128_HMAC_SHA1_80", "SRTP_AES128_CM_SHA1_32": "AES_CM_128_HMAC_SHA1_32",
            "SRTP_AEAD_AES_128_GCM": "AEAD_AES_128_GCM", "SRTP_AEAD_AES_256_GCM": "AEAD_AES_256_GCM"}
COMMON = "SRTP_AES128_CM_SHA1_80"

# One connection id joins the two halves. Audio waits for its time before it is encrypted, a second after the start: the handshake must
# not wait behind it, and what comes before the keys is lost.
GSTREAMER = """
filesrc location={source} ! wavparse ! audioconvert ! mulawenc ! rtppcmupay min-ptime=20000000 max-ptime=20000000
! identity sync=true ts-offset=1000000000 ! talking.rtp_sink_0
dtlssrtpenc name=talking connection-id=one is-client=true ! udpsink host=127.0.0.1 port={to} sync=false async=false
udpsrc address=127.0.0.1 port={back} ! dtlssrtpdec name=listening connection-id=one pem="{pem}"
listening.rtp_src ! fakesink async=false listening.rtcp_src ! fakesink async=false
"""


def socket_at(address="127.0.0.1"):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind((address, 0))
    return one


def port_of(one):
    return one.getsockname()[1]


# ---- handshakes -----------------------------------------------------------------------------------------------------

def fingerprint_of(pem, function="sha-256"):
    """As a=fingerprint has it (RFC 8122)."""
    digest = hashlib.new(function.replace("-", ""), ssl.PEM_cert_to_DER_cert(pem)).digest()
    return f"{function} {digest.hex(':').upper()}"


class Certificate:
    """Signed by itself, as those of DTLS-SRTP are, with its key."""

    def __init__(self, folder, name, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        self.folder = folder
        self.file, self.key_file = (os.path.join(folder, f"{name}.{end}") for end in ("pem", "key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-subj", "/CN=" + name, "-days", "2",
                        "-keyout", self.key_file, "-out", self.file], check=True, capture_output=True, timeout=60)

    def fingerprint(self, function="sha-256"):
        with open(self.file) as file:
            return fingerprint_of(file.read(), function)

    def pem(self):
        """And the key."""
        with open(self.file) as certificate, open(self.key_file) as key:
            return certificate.read() + key.read()


# What a handshake came to: `key` is the client's master key and salt, `fingerprint` the server's.
Agreed = collections.namedtuple("Agreed", "suite key fingerprint")


class Handshake:
    """An openssl program that makes one, and tries until it is ended."""
    numbers = itertools.count()

    def __init__(self, certificate, port, to, profile):
        self.profile = profile
        self.key_bytes, self.salt_bytes, _ = SUITES[PROFILES[profile]]
        self.output = os.path.join(certificate.folder, f"handshake{next(self.numbers)}.txt")
        command = ["openssl", "s_client", "-dtls1_2", "-connect", f"{to[0]}:{to[1]}", "-bind", f"127.0.0.1:{port}",
                   "-cert", certificate.file, "-key", certificate.key_file, "-use_srtp", profile,
                   "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", str(2 * (self.key_bytes + self.salt_bytes))]
        with open(self.output, "wb") as file:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file, stderr=file)  # it would end with its stdin
        harness.Engine.started.append(self.process)

    def said(self):
        with open(self.output, errors="replace") as file:
            return file.read()

    def is_done(self):
        return re.search("Keying material: [0-9A-F]+\n", self.said()) is not None

    def agreed(self, patience=10.0):
        """Once it is done. The program is ended, without a word to the other end."""
        def is_over():
            return self.is_done() or self.process.poll() is not None
        try:
            harness.wait_until("a handshake is done", is_over, patience)
        finally:
            self.end()
        said = self.said()
        check(self.is_done(), f"the handshake has failed: {said[-2000:]}")
        check(f"profile={self.profile}\n" in said, f"not {self.profile}: {said[-2000:]}")
        material = bytes.fromhex(re.search("Keying material: (.*)\n", said)[1])
        certificate = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", said, re.DOTALL)[0]
        return Agreed(PROFILES[self.profile], self.key_of(material), fingerprint_of(certificate))

    def key_of(self, material):
        """The client's of | client's key | server's key | client's salt | server's salt |, RFC 5764 4.2."""
        salts = 2 * self.key_bytes
        return material[:self.key_bytes] + material[salts:salts + self.salt_bytes]

    def end(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdin.close()


class DtlsSender(SrtpSender):
    """As SrtpSender, from a port of its own, with the keys of its handshakes; before the first with some that nobody else has."""

    def __init__(self, leg, certificate):
        super().__init__(leg, PROFILES[COMMON], new_key(PROFILES[COMMON]))
        self.certificate, self.is_keyed = certificate, False
        self.take_port()

    def take_port(self):
        self.socket.bind(("127.0.0.1", 0))
        # Now that it is nobody else's it may be shared with openssl, which asks for the same. What comes back is openssl's, whose
        # socket is connected.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def move(self):
        self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.take_port()

    def begin(self, profile=COMMON):
        return Handshake(self.certificate, port_of(self.socket), self.to, profile)

    def take_keys(self, agreed):
        """The stream goes on, and its rollovers are counted anew (RFC 5764 3)."""
        self.protection, self.sequence, self.is_keyed = Protection(agreed.suite, agreed.key), self.sequence & 0xFFFF, True

    def shake_hands(self, profile=COMMON):
        agreed = self.begin(profile).agreed()
        self.take_keys(agreed)
        return agreed


class Relay(threading.Thread):
    """Between somebody and a leg: what comes to `port` goes on to the leg from a port of its own, with the datagrams `among` before and
    after it; what comes back goes to `back`, or to whoever sent last."""

    def __init__(self, leg, among=(), back=None):
        super().__init__(daemon=True)
        self.to, self.among, self.back = (leg["address"], leg["port"]), among, back
        self.outer, self.inner = socket_at(), socket_at()
        self.port, self.is_over = port_of(self.inner), threading.Event()
        self.start()

    def run(self):
        sender = None
        while not self.is_over.is_set():
            for one in select.select([self.outer, self.inner], [], [], 0.05)[0]:
                datagram, source = one.recvfrom(65536)
                if one is self.outer:
                    self.inner.sendto(datagram, self.back or sender)
                    continue
                sender = source
                for each in (*self.among, datagram, *self.among):
                    self.outer.sendto(each, self.to)

    def end(self):
        self.is_over.set()
        self.join(10)


class GStreamer:
    """Its dtlssrtpenc and dtlssrtpdec, which say a file. They send and hear at two ports, of which a relay makes one."""

    def __init__(self, leg, certificate, source):
        with socket_at() as free:
            back = port_of(free)
        self.relay = Relay(leg, back=("127.0.0.1", back))
        known = {"source": source, "to": self.relay.port, "back": back, "pem": certificate.pem()}
        self.process = subprocess.Popen(["gst-launch-1.0", "-q", *(part.format(**known) for part in GSTREAMER.split())],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        harness.Engine.started.append(self.process)

    def end(self):
        self.process.kill()
        self.process.wait(10)
        self.relay.end()


# ---- what others send -----------------------------------------------------------------------------------------------

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE = 20, 21, 22
CLOSE_NOTIFY, HANDSHAKE_FAILURE = b"\x01\x00", b"\x02\x28"
LAST = 2**48 - 1  # number of a record: a receiver that believes it drops all others as old


def record(kind, epoch, number, content):
    """RFC 6347 4.1."""
    return struct.pack(">BHH", kind, 0xFEFD, epoch) + number.to_bytes(6, "big") + struct.pack(">H", len(content)) + content


def client_hello(drawn, number, cookie=b""):
    """One that the engine could do something with (RFC 6347 4.2): X25519 and P-256, ECDSA, and an SRTP profile."""
    extensions = bytes.fromhex("000a00060004001d0017 000b00020100 000d000400020403 000e0007000400010007 00")
    body = (b"\xfe\xfd" + drawn.randbytes(32) + b"\0" + bytes([len(cookie)]) + cookie + bytes.fromhex("0002c02b 0100")
            + struct.pack(">H", len(extensions)) + extensions)
    size = len(body).to_bytes(3, "big")
    message = b"\x01" + size + struct.pack(">H", int(cookie != b"")) + bytes(3) + size + body
    return record(HANDSHAKE, 0, number, message)


# By name, what makes some. None of it may disturb a handshake, not even from the very address and port that makes it.
FORGERIES = {
    "alerts in the clear": lambda drawn: [record(ALERT, 0, number, alert) for number in (0, 40, LAST)
                                          for alert in (CLOSE_NOTIFY, HANDSHAKE_FAILURE)],
    "alerts of later epochs": lambda drawn: [record(ALERT, epoch, number, alert) for epoch in (1, 2) for number in (0, LAST)
                                             for alert in (CLOSE_NOTIFY, HANDSHAKE_FAILURE)],
    "records too short to be under a key": lambda drawn: [record(kind, 1, 0, drawn.randbytes(size)) for size in (0, 1, 23)
                                                          for kind in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE)],
    "records under another key": lambda drawn: [record(kind, epoch, LAST, drawn.randbytes(40 + drawn.randrange(300)))
                                                for epoch in (1, 0xFFFF) for kind in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, 23)],
    "changes of cipher in the clear": lambda drawn: [record(CHANGE_CIPHER_SPEC, 0, number, b"\x01") for number in (0, 40, LAST)],
    "hellos without a cookie": lambda drawn: [client_hello(drawn, number) for number in (0, 1, 40, LAST)],
    "hellos with a wrong cookie": lambda drawn: [client_hello(drawn, number, drawn.randbytes(size))
                                                 for number, size in ((1, 1), (1, 32), (2, 20), (40, 255), (LAST, 32))],
    "no whole record": lambda drawn: [client_hello(drawn, 0)[:drawn.randrange(104)], record(ALERT, 0, 0, CLOSE_NOTIFY)[:-1],
                                      bytes([drawn.randrange(20, 64)]), bytes([drawn.randrange(20, 64)]) + drawn.randbytes(200)],
}
# Whoever can send these from the address and port of a handshake that is under way ends it: nothing in DTLS 1.2 tells them from its own.
ELSEWHERE = {
    "handshake messages in the clear": lambda drawn: [record(HANDSHAKE, 0, drawn.randrange(10), drawn.randbytes(drawn.randrange(100)))],
}


class Spray(threading.Thread):
    """Forgeries, and RTP in the clear which says `payload`, to the ports that these senders send to, until it is ended: a third from
    another port, a third from another machine, a third from the sender's very own address and port."""
    SECONDS, PER_10_MS = 60, 20

    def __init__(self, senders, payload):
        super().__init__(daemon=True)
        self.senders, self.elsewhere = senders, [socket_at(), socket_at("127.0.0.2")]
        rtp = harness.Sender({"address": "127.0.0.1", "port": 0})
        self.makers = {**FORGERIES, **ELSEWHERE, "RTP in the clear": lambda drawn: [rtp.packet(payload)]}
        self.drawn, self.is_over = random.Random(5), threading.Event()
        self.sent, self.from_senders = collections.Counter(), 0
        self.start()

    def run(self):
        for _ in harness.paced(self.SECONDS, 0.01):
            if self.is_over.is_set():
                return
            for _ in range(self.PER_10_MS):
                self.send_to(self.drawn.choice(self.senders))

    def send_to(self, sender):
        kind = self.drawn.choice(list(self.makers))
        source = self.drawn.choice((*self.elsewhere, sender.socket))
        if source is sender.socket and not sender.is_keyed and kind in ELSEWHERE:
            return
        source.sendto(self.drawn.choice(self.makers[kind](self.drawn)), sender.to)
        self.sent[kind] += 1
        self.from_senders += source is sender.socket

    def end(self):
        """What it was."""
        self.is_over.set()
        self.join(10)
        return f"{sum(self.sent.values())} datagrams, {self.from_senders} of them from the senders' own ports: {dict(self.sent)}"
