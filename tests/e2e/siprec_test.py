#!/usr/bin/env python3
"""Recording sessions by SIP (SIPREC): many of sipp's, with hold and resume, each recorded to the packet; by TCP and TLS with a digest
and a certificate; encrypted, by SDES and by DTLS; CANCEL; a restart in the middle; floods.

SESSIONS and RATE: how many of sipp's, and how many begin a second (60 and 20). FLOOD: seconds of each flood (2).
"""
import base64
import concurrent.futures
import os
import random
import shutil
import socket
import subprocess
import threading
import time

import harness
import siprec_client
from dtls_peer import Certificate, DtlsSender
from harness import check
from siprec_client import Client
from srtp_sender import Protection, SrtpSender, new_key

SESSIONS = int(os.environ.get("SESSIONS", "60"))
RATE = float(os.environ.get("RATE", "20"))
FLOOD = float(os.environ.get("FLOOD", "2"))
PTIME_MS = int(os.environ.get("PTIME", "20"))
# When what happens in a session, in seconds from its INVITE. All of a second's are sent to from the next one on.
TALK, HELD = 8, 2  # before the hold and after it; in between
SOUND = 4          # of each talk, in which packets are sent
RESUMED = 1.5      # what the resuming re-INVITE may take

SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="recording session">
{invite}{first}<pause milliseconds="{talk}"/>
{hold}<pause milliseconds="{held}"/>
{resume}<pause milliseconds="{talk}"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:src@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:srs@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 4 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200" timeout="60000"/>
</scenario>
"""

OFFER = """<send retrans="500"><![CDATA[
INVITE {uri} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:src@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:srs@[remote_ip]:[remote_port]>{to}
Call-ID: [call_id]
CSeq: {cseq} INVITE
Contact: <sip:src@[local_ip]:[local_port]>;+sip.src
Max-Forwards: 70
Require: siprec
Supported: timer
Session-Expires: 1800;refresher=uac
Allow: INVITE, ACK, CANCEL, BYE, UPDATE
Content-Type: {kind}
Content-Length: [len]

{body}
]]></send>
<recv response="100" optional="true"/>
<recv response="200" rrs="true" timeout="60000"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:src@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:srs@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {cseq} ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
"""


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def scenario():
    def offer(cseq, body, kind="application/sdp"):
        first = cseq == 1
        return OFFER.format(uri="sip:srs@[remote_ip]:[remote_port]" if first else "[next_url]",
                            to="" if first else "[peer_tag_param]", cseq=cseq, kind=kind, body=body)
    begin = offer(1, siprec_client.multipart("[call_number]"), "multipart/mixed;boundary=foobar")
    return SCENARIO.format(invite=begin, first="", talk=TALK * 1000, held=HELD * 1000,
                           hold=offer(2, siprec_client.sdp("inactive", 2)), resume=offer(3, siprec_client.sdp("sendonly", 3)))


class Media(threading.Thread):
    """Sees the sessions' calls come, has everybody agree, and sends RTP to both m-lines of each: so many packets, twice, with the
    hold in between."""

    def __init__(self, engine, wanted):
        super().__init__()
        self.engine, self.wanted = engine, wanted
        self.calls = {}     # by id: the legs' labels
        self.senders = []   # processes
        self.failed = None
        self.deciding = []  # that are under way: each waits for the disk
        self.pool = concurrent.futures.ThreadPoolExecutor(32)
        self.start()

    def run(self):
        try:
            waiting = []  # (when, lines)
            end = time.monotonic() + self.wanted / RATE + 60
            while (len(self.calls) < self.wanted or waiting) and time.monotonic() < end:
                begun = time.monotonic()
                new = [call for call in self.engine.ask("GET", "/v1/calls")["calls"] if call["id"] not in self.calls]
                for call in new:
                    self.calls[call["id"]] = {leg["label"]: leg["participant"] for leg in call["legs"]}
                    self.deciding += [self.pool.submit(self.engine.decide, call, participant["ref"], "granted", purposes=["quality"])
                                      for participant in call["participants"]]
                lines = "".join(f"{leg['address']} {leg['port']}\n" for call in new for leg in call["legs"])
                if lines:
                    self.send(lines)
                    waiting.append((begun + TALK + HELD + RESUMED, lines))
                while waiting and waiting[0][0] <= time.monotonic():
                    self.send(waiting.pop(0)[1])
                time.sleep(max(0.0, begun + 0.5 - time.monotonic()))
            for sender in self.senders:
                sender.wait(60)
            for decision in self.deciding:
                decision.result()
        except Exception as error:  # seen by whoever waits
            self.failed = error

    def send(self, lines):
        sender = subprocess.Popen([harness.LOAD, "send", "--seconds", str(SOUND), "--ptime", str(PTIME_MS)],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        harness.Engine.started.append(sender)
        sender.stdin.write(lines)
        sender.stdin.close()
        self.senders.append(sender)


def all_recordings(engine):
    found, cursor = [], None
    while True:
        page = engine.ask("GET", "/v1/recordings" + (f"?cursor={cursor}" if cursor else ""))
        found += page["recordings"]
        cursor = page.get("next") or page.get("cursor")
        if not cursor:
            return found


def sipp(folder, port, sessions, rate):
    path = os.path.join(folder, "siprec.xml")
    with open(path, "w") as file:
        file.write(scenario())
    return subprocess.Popen(["sipp", f"127.0.0.1:{port}", "-sf", path, "-m", str(sessions), "-r", str(rate), "-l", str(sessions + 10),
                             "-i", "127.0.0.1", "-p", str(free_port()), "-nostdin",
                             # A provisional response that comes late, because an INVITE was repeated, is no failure.
                             "-default_behaviors", "all,-abortunexp", "-trace_err", "-error_file",
                             os.path.join(folder, "sipp.err"), "-timeout", "600"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)


def many_sessions(folder, program):
    """No session is lost, and every recording is complete to the packet."""
    port = free_port()
    engine = harness.Engine(folder, name="many", calls=SESSIONS + 20, hold="10s", ports=f"20000-{20000 + 4 * SESSIONS + 200}", drain="5s",
                            more=siprec(f'"udp:127.0.0.1:{port}"')).start()
    media = Media(engine, SESSIONS)
    client = sipp(folder, port, SESSIONS, RATE)
    harness.Engine.started.append(client)
    began = time.monotonic()
    status = client.wait(600)
    media.join()
    check(media.failed is None, f"the media: {media.failed}")
    errors = open(os.path.join(folder, "sipp.err")).read()[-1500:] if os.path.exists(os.path.join(folder, "sipp.err")) else ""
    check(status == 0, f"sipp ended with {status}: {errors}")
    check(len(media.calls) == SESSIONS, f"{len(media.calls)} of {SESSIONS} sessions became calls")
    check(all(sender.returncode in (0, 3) for sender in media.senders), "a sender failed")
    harness.wait_until("all calls are over", lambda: not engine.ask("GET", "/v1/calls")["calls"], 60)
    recordings = all_recordings(engine)
    check(len(recordings) == SESSIONS, f"{len(recordings)} recordings of {SESSIONS} sessions")
    wanted = 2 * SOUND * 1000 // PTIME_MS
    packets = 0
    for summary in recordings:
        one = finished(engine, summary)
        check(len(one["legs"]) == 2, f"a recording has {len(one['legs'])} legs")
        for leg in one["legs"]:
            counts = leg["counts"]
            check(counts["PACKETS_RECORDED"] == wanted, f"a leg has {counts} of {wanted} packets")
            packets += counts["PACKETS_RECORDED"]
    for summary in random.Random(1).sample(recordings, min(5, len(recordings))):
        for leg in engine.wav(summary["id"]).legs:
            check(len(leg) >= wanted * PTIME_MS * 8, f"{len(leg)} samples of {wanted * PTIME_MS * 8}")
    check(engine.total("assent_sip_sessions_ended_total", why="bye") == SESSIONS, "not every session ended by its BYE")
    print(f"{SESSIONS} sessions at {RATE:g} a second, each held and resumed: all answered, {packets} packets of "
          f"{2 * wanted * SESSIONS} recorded, every recording complete, in {time.monotonic() - began:.0f} s")
    engine.stop()


def siprec(listen, more="", trunk='from = ["127.0.0.0/8"]'):
    return f'[siprec]\nlisten = [{listen}]\n{more}\n[[siprec.trunks]]\nname = "sbc"\n{trunk}\nagents = ["sip:agent@example.com"]\n'


def certificates(folder):
    """An authority, and certificates of it for the server and for a client."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA")
    for name, alternative in (("server", "DNS:localhost"), ("sbc", "DNS:sbc.example.com")):
        with open(os.path.join(folder, name + ".ext"), "w") as file:
            file.write("subjectAltName=" + alternative)
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", name + ".ext", "-out", name + ".pem")
    return {name: os.path.join(folder, name) for name in ("ca.pem", "server.pem", "server.key", "sbc.pem", "sbc.key")}


def talk(engine, call, seconds=0.4):
    """Everybody agrees and talks; how many packets each leg was sent."""
    for participant in call["participants"]:
        engine.decide(call, participant["ref"], "granted", purposes=["quality"])
    senders = [harness.Sender(leg) for leg in call["legs"]]
    for _ in harness.paced(seconds):
        for sender in senders:
            sender.send(b"\x21" * 160)
    return int(seconds / 0.02)


def only_call(engine):
    return harness.wait_until("the call is there", lambda: engine.ask("GET", "/v1/calls")["calls"], 5)[0]


def no_calls(engine):
    harness.wait_until("the call is over", lambda: not engine.ask("GET", "/v1/calls")["calls"], 10)


def finished(engine, summary):
    """A recording whose session is over, once all of it is stored: nobody waits for that when a BYE is answered."""
    def complete():
        shown = engine.ask("GET", f"/v1/recordings/{summary['id']}?purpose=quality")
        return shown if shown["state"] == "complete" and all(leg["counts"] for leg in shown["legs"]) else None
    return harness.wait_until("the recording is complete", complete)


def by_tcp_and_tls(folder, program):
    """A digest over TCP; a certificate over TLS; who has neither is refused."""
    files = certificates(folder)
    tcp, tls, mutual = (free_port(socket.SOCK_STREAM) for _ in range(3))
    secret = "a password of the trunk"
    os.makedirs(os.path.join(folder, "tls"), mode=0o700)
    with open(os.path.join(folder, "tls", "sbc.secret"), "w") as file:
        file.write(secret + "\n")
    os.chmod(os.path.join(folder, "tls", "sbc.secret"), 0o600)
    listen = f'"tcp:127.0.0.1:{tcp}", "tls:127.0.0.1:{tls}", "mtls:127.0.0.1:{mutual}"'
    more = f'certificate = "{files["server.pem"]}"\nkey = "{files["server.key"]}"\nca = "{files["ca.pem"]}"'
    trunks = ('tls_names = ["sbc.example.com"]\n[[siprec.trunks]]\nname = "by-digest"\nfrom = ["127.0.0.1"]\n'
              'digest_username = "sbc"\nsecret_file = "sbc.secret"')
    engine = harness.Engine(folder, name="tls", more=siprec(listen, more, trunks)).start()
    context = siprec_client.trusting(files["ca.pem"])
    named = siprec_client.trusting(files["ca.pem"], files["sbc.pem"], files["sbc.key"])
    ways = {"TCP, SHA-256": (tcp, "TCP", None, "SHA-256"), "TCP, MD5": (tcp, "TCP", None, "MD5"),
            "TLS, SHA-256": (tls, "TLS", context, "SHA-256"), "TLS, by its certificate": (mutual, "TLS", named, None)}
    for way, (port, transport, tls_context, algorithm) in ways.items():
        digest = ("sbc", secret) if algorithm else None
        client = Client(port, transport, digest=digest, context=tls_context, algorithm=algorithm or "SHA-256")
        reply = client.invite()
        check(reply.status == 200, f"{way}: {reply.first}")
        check("+sip.srs" in reply.header("Contact") and f"transport={transport.lower()}" in reply.header("Contact"), reply.headers)
        call = only_call(engine)
        sent = talk(engine, call)
        check(client.invite(siprec_client.sdp("inactive", 2)).status == 200, f"{way}: hold")
        check(client.ask("UPDATE").status == 200, f"{way}: refresh")
        check(client.ask("BYE").status == 200, f"{way}: BYE")
        no_calls(engine)
        newest = max(all_recordings(engine), key=lambda one: one["id"])
        shown = finished(engine, newest)
        check([leg["counts"]["PACKETS_RECORDED"] for leg in shown["legs"]] == [sent, sent], f"{way}: {shown['legs']}")
        client.close()
        print(way + ": recorded")
    wrong = Client(tcp, "TCP", digest=("sbc", "another password at all"))
    check(wrong.invite().status == 401, "a wrong password")
    try:
        nobody = Client(mutual, "TLS", context=context)
        nobody.send("OPTIONS")
        nobody.read()
        raise AssertionError("without a certificate it was let in")
    except OSError:
        pass
    check(not [name for name in os.listdir(engine.state) if "siprec" in name], "the folder of the certificate is left behind")
    engine.stop()


def cancelled_and_ended(folder, program):
    """CANCEL before and after the answer; a call that the API ends gets a BYE; strangers and drains are refused."""
    port = free_port()
    engine = harness.Engine(folder, name="cancel", calls=60, drain="3s", more=siprec(f'"udp:127.0.0.1:{port}"')).start()
    outcomes = []
    for _ in range(30):
        client = Client(port)
        client.send("INVITE", siprec_client.multipart(), "multipart/mixed;boundary=foobar")
        client.send("CANCEL", branch=client.branch, cseq=client.cseq)
        statuses = set()
        while not statuses & {487} and not (200 in statuses and "invite" in statuses):
            reply = client.read()
            if reply.status >= 200:
                statuses.add(reply.status)
            if reply.status == 200 and "INVITE" in reply.header("CSeq"):
                statuses.add("invite")
                client.to_tag = reply.header("To").split("tag=")[1]
        if "invite" in statuses:  # the CANCEL came too late
            client.send("ACK", cseq=client.cseq)
            check(client.ask("BYE").status == 200, "BYE")
        else:
            client.send("ACK", branch=client.branch, cseq=client.cseq)
        outcomes.append("answered" if "invite" in statuses else "487")
        client.close()
    no_calls(engine)
    print(f"30 INVITEs and CANCELs: {outcomes.count('487')} cancelled, {outcomes.count('answered')} answered; no call is left")

    client = Client(port)
    check(client.invite().status == 200, "a session")
    engine.end(only_call(engine))
    client.await_request("BYE")
    check(client.ask("BYE").status == 481, "after it the dialog is over")
    print("a call that the API ended: its session got a BYE")
    engine.stop()


def restarted(folder, program):
    """The engine is killed in a session: the session goes on, and ends by the client's BYE or the engine's."""
    port = free_port()
    engine = harness.Engine(folder, name="restart", calls_at_stop="keep", more=siprec(f'"udp:127.0.0.1:{port}"')).start()
    first, second = Client(port), Client(port)
    check(first.invite().status == 200 and second.invite().status == 200, "two sessions")
    calls = engine.ask("GET", "/v1/calls")["calls"]
    for call in calls:
        talk(engine, call, 0.2)
    engine.kill()
    engine.start()
    back = engine.ask("GET", "/v1/calls")["calls"]
    check(len(back) == 2, f"{len(back)} calls came back")
    check(first.invite(siprec_client.sdp("sendonly", 2)).status == 200, "a re-INVITE after the restart")
    check(first.ask("BYE").status == 200, "a BYE after the restart")
    left = harness.wait_until("one call is over", lambda: (lambda c: len(c) == 1 and c)(engine.ask("GET", "/v1/calls")["calls"]), 10)
    engine.end(left[0])
    second.await_request("BYE")
    no_calls(engine)
    print("two sessions over a SIGKILL: one ended by the client's BYE, the other by the engine's")
    engine.stop()


def speak(senders, beside=None, packets=40):
    """What each of them said, at once; and somebody beside them, in the clear."""
    said = [b""] * len(senders)
    for _ in zip(range(packets), harness.paced(60)):
        for i, sender in enumerate(senders):
            payload = random.randbytes(160)
            said[i] += payload
            sender.send(payload)
        if beside:
            beside.send(b"\x7d" * 160)
    return said


def recorded(engine, call, client, *halves):
    """The session's recording, once it has ended: every packet was opened, and all that was said is in it."""
    packets = sum(len(half[0]) // 160 for half in halves)
    harness.wait_until("all has come", lambda: all(leg["srtp"]["opened"] == packets for leg in engine.show(call)["legs"]))
    check(client.ask("BYE").status == 200, "BYE")
    no_calls(engine)
    wav = engine.wav(finished(engine, all_recordings(engine)[0])["id"])
    for said in halves:
        for leg, what in zip(wav.legs, said):
            check(harness.find_run(leg, [harness.ULAW[byte] for byte in what]) >= 0, "what was said is not in the recording")
    return wav


def encrypted(folder, program):
    """A session of SRTP, with other keys after a re-INVITE: both m-lines, and all that was said."""
    suites = ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM")  # of the two m-lines

    def offer(keys, version):
        body = siprec_client.sdp(version=version).replace("RTP/AVP", "RTP/SAVP")
        for number, (suite, key) in enumerate(zip(suites, keys), 1):
            inline = base64.b64encode(key).decode()
            body = body.replace(f"a=label:{number}\n", f"a=label:{number}\na=crypto:7 {suite} inline:{inline}\n")
        return body

    port = free_port()
    engine = harness.Engine(folder, name="encrypted", more=siprec(f'"udp:127.0.0.1:{port}"')).start()
    client = Client(port)
    keys = [new_key(suite) for suite in suites]
    reply = client.invite(offer(keys, 1))
    check(reply.status == 200 and reply.body.count("a=crypto:7 ") == 2, f"{reply.first} {reply.body}")
    call = only_call(engine)
    check([leg["srtp"]["suite"] for leg in call["legs"]] == list(suites), f"{call['legs']}")
    for participant in call["participants"]:
        engine.decide(call, participant["ref"], "granted", purposes=["quality"])
    senders = [SrtpSender(leg, suite, key) for leg, suite, key in zip(call["legs"], suites, keys)]
    plain = harness.Sender(call["legs"][0])
    said = speak(senders, plain)
    keys = [new_key(suite) for suite in suites]
    check(client.invite(offer(keys, 2)).status == 200, "a re-INVITE with other keys")
    for sender, suite, key in zip(senders, suites, keys):
        sender.protection = Protection(suite, key)
    wav = recorded(engine, call, client, said, speak(senders, plain))
    for leg in wav.legs:
        check(harness.find_run(leg, [harness.ULAW[0x7d]] * 160) < 0, "what was sent in the clear is in the recording")
    print("an encrypted session, over a change of keys: 80 packets of each voice, every one as it was said")
    engine.stop()


def by_dtls(folder, program):
    """The same by DTLS-SRTP: the answer names the certificate that is shown, and keys outlive a hold."""
    certificates = [Certificate(folder, name) for name in ("first", "second")]

    def offer(version, direction="sendonly"):
        body = siprec_client.sdp(direction, version).replace("RTP/AVP", "UDP/TLS/RTP/SAVP")
        for number, certificate in enumerate(certificates, 1):
            lines = f"a=setup:actpass\na=fingerprint:{certificate.fingerprint()}\na=rtcp-mux\n"
            body = body.replace(f"a=label:{number}\n", f"a=label:{number}\n" + lines)
        return body

    port = free_port()
    engine = harness.Engine(folder, name="by_dtls", more=siprec(f'"udp:127.0.0.1:{port}"')).start()
    client = Client(port)
    reply = client.invite(offer(1))
    check(reply.status == 200 and reply.body.count("a=setup:passive") == 2, f"{reply.first} {reply.body}")
    call = only_call(engine)
    for participant in call["participants"]:
        engine.decide(call, participant["ref"], "granted", purposes=["quality"])
    senders = [DtlsSender(leg, certificate) for leg, certificate in zip(call["legs"], certificates)]
    for sender in senders:
        shown = sender.shake_hands().fingerprint
        check(f"a=fingerprint:{shown}" in reply.body, f"the answer does not name the certificate that is shown: {shown}")
    said = speak(senders)
    check(client.invite(offer(2, "inactive")).status == 200, "a hold")
    check(client.invite(offer(3)).status == 200, "its end")
    recorded(engine, call, client, said, speak(senders))
    print("a session by DTLS-SRTP, over a hold: 80 packets of each voice, every one as it was said")
    engine.stop()


def flood(port, seconds, make):
    """As fast as one thread can; how many were sent."""
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind(("127.0.0.1", 0))
    out.setblocking(False)
    own = "%s:%d" % out.getsockname()
    sent, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(100):
            try:
                out.sendto(make(own, sent), ("127.0.0.1", port))
                sent += 1
            except BlockingIOError:
                time.sleep(0.0005)
            try:
                out.recv(2048)
            except BlockingIOError:
                pass
    out.close()
    return sent


def request_of(method, user, own, number, body=b""):
    return (f"{method} sip:{user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{number}\r\nFrom: <sip:x@x>;tag={number}\r\n"
            f"To: <sip:{user}@127.0.0.1>\r\nCall-ID: flood-{number}\r\nCSeq: 1 {method}\r\nContact: <sip:x@{own}>\r\nMax-Forwards: 70\r\n"
            f"Require: siprec\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def rss_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def flooded(folder, program):
    """Floods take no memory and harm no call, and a session afterwards is answered."""
    port = free_port()
    trunk = 'from = ["127.0.0.1"]\nuser = "srs"\nmax_sessions = 5'
    engine = harness.Engine(folder, name="flood", more=siprec(f'"udp:127.0.0.1:{port}"', trunk=trunk)).start()
    client = Client(port)
    check(client.invite().status == 200, "a session before the floods")
    call = only_call(engine)
    for participant in call["participants"]:
        engine.decide(call, participant["ref"], "granted", purposes=["quality"])
    junk = random.Random(7)
    offer = siprec_client.on_the_wire(siprec_client.sdp()).encode()
    floods = {"INVITE of strangers": lambda own, n: request_of("INVITE", "nobody", own, n, offer),
              "OPTIONS of the trunk": lambda own, n: request_of("OPTIONS", "srs", own, n),
              "INVITE of the trunk": lambda own, n: request_of("INVITE", "srs", own, n, offer),
              "BYE of no dialog": lambda own, n: request_of("BYE", "srs", own, n),
              "garbage": lambda own, n: junk.randbytes(junk.randrange(1, 1400))}
    done, sent = threading.Event(), []
    def speak():
        senders = [harness.Sender(leg) for leg in call["legs"]]
        start, n = time.monotonic(), 0
        while not done.is_set():
            time.sleep(max(0.0, start + n * 0.02 - time.monotonic()))
            for sender in senders:
                sender.send(b"\x21" * 160)
            n += 1
        sent.append(n)
    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        flood(port, 1, floods["OPTIONS of the trunk"])  # what is reserved once is
        for name, make in floods.items():
            before = rss_mib(engine.pid)
            count = flood(port, FLOOD, make)
            after = rss_mib(engine.pid)
            print(f"{name}: {count / FLOOD:.0f} a second for {FLOOD:g} s, RSS {before:.1f} -> {after:.1f} MiB")
            # The trunk's own may take up the transactions that it is allowed.
            check(after - before < 16, f"{name}: the memory grew by {after - before:.1f} MiB")
    finally:
        done.set()
        speaker.join()
    lines = engine.log().count("SIP:")
    check(lines <= 20 + 6 * 5 * FLOOD / 10, f"{lines} lines of log")
    check(client.ask("BYE").status == 200, "the BYE after the floods")
    harness.wait_until("its call is over", lambda: call["id"] not in [c["id"] for c in engine.ask("GET", "/v1/calls")["calls"]], 20)
    shown = finished(engine, all_recordings(engine)[0])
    check([leg["counts"]["PACKETS_RECORDED"] for leg in shown["legs"]] == [sent[0]] * 2, f"{shown['legs']}, sent {sent}")
    # What the flood of the trunk had begun is never acknowledged, and ends after 32 s; then there is room again.
    def answered():
        late = Client(port)
        status = late.invite().status
        if status == 200:
            check(late.ask("BYE").status == 200, "its BYE")
        late.close()
        return status == 200
    harness.wait_until("a session after the floods is answered", answered, 60)
    print(f"the session over the floods: {sent[0]} packets a leg, all recorded; one afterwards was answered")
    engine.stop()


def test(folder):
    if shutil.which("sipp") is None:
        harness.skip("sipp is not installed (sip-tester)")
    only = os.environ.get("ONLY")
    for part in (cancelled_and_ended, by_tcp_and_tls, encrypted, by_dtls, restarted, flooded, many_sessions):
        if not only or part.__name__ in only:
            part(folder, harness.PROGRAM)


if __name__ == "__main__":
    harness.run(test)
