"""A session recording client (RFC 7866) as small as a test needs: one dialog over UDP, TCP or TLS, with a digest when it is asked for
one. And the bodies of SIPREC."""
import hashlib
import os
import re
import socket
import ssl
import time

SDP = """v=0
o=src 1 {version} IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 40000 RTP/AVP 0
a=label:1
a={direction}
m=audio 40002 RTP/AVP 0
a=label:2
a={direction}
"""

METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<recording xmlns="urn:ietf:params:xml:ns:recording:1">
<datamode>complete</datamode>
<session session_id="hVpd7YQgRW2nD22h7q60JQ=="/>
<participant participant_id="srfBElmCRp2QB23b7Mpk0w=="><nameID aor="sip:agent@example.com"><name xml:lang="en">Agent</name></nameID></participant>
<participant participant_id="zSfPoSvdSDCmU3A3TRDxAw=="><nameID aor="sip:customer{number}@example.net"/></participant>
<stream stream_id="UAAMm5GRQKSCMVvLyl4rFw==" session_id="hVpd7YQgRW2nD22h7q60JQ=="><label>1</label></stream>
<stream stream_id="i1Pz3to5hGk8fuXl+PbwCw==" session_id="hVpd7YQgRW2nD22h7q60JQ=="><label>2</label></stream>
<participantstreamassoc participant_id="srfBElmCRp2QB23b7Mpk0w=="><send>UAAMm5GRQKSCMVvLyl4rFw==</send><recv>i1Pz3to5hGk8fuXl+PbwCw==</recv></participantstreamassoc>
<participantstreamassoc participant_id="zSfPoSvdSDCmU3A3TRDxAw=="><send>i1Pz3to5hGk8fuXl+PbwCw==</send><recv>UAAMm5GRQKSCMVvLyl4rFw==</recv></participantstreamassoc>
</recording>
"""


def sdp(direction="sendonly", version=1):
    return SDP.format(direction=direction, version=version)


def multipart(number=1, direction="sendonly"):
    """The body of a first INVITE, with LF for line ends."""
    return (f"--foobar\nContent-Type: application/sdp\n\n{sdp(direction)}\n--foobar\n"
            "Content-Type: application/rs-metadata+xml\nContent-Disposition: recording-session\n\n"
            f"{METADATA.format(number=number)}\n--foobar--\n")


def on_the_wire(text):
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


class Reply:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.first = lines[0]
        self.status = int(lines[0].split(" ")[1]) if lines[0].startswith("SIP/2.0 ") else 0
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if ":" in line]

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Client:
    def __init__(self, port, transport="UDP", user="srs", digest=None, context=None, call=None, algorithm="SHA-256"):
        self.port, self.transport, self.user = port, transport, user
        self.digest, self.algorithm, self.nonce, self.uses = digest, algorithm, "", 0
        self.call = call or os.urandom(8).hex()
        self.from_tag, self.to_tag, self.cseq = os.urandom(4).hex(), "", 0
        self.context = context
        self.connect()

    def connect(self):
        kind = socket.SOCK_DGRAM if self.transport == "UDP" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", self.port))
        if self.transport == "TLS":
            self.socket = self.context.wrap_socket(self.socket, server_hostname="localhost")
        self.own = "%s:%d" % self.socket.getsockname()
        self.rest = ""

    def close(self):
        self.socket.close()

    def authorization(self, method):
        if not self.nonce:
            return ""
        username, password = self.digest
        self.uses += 1
        uri, count = f"sip:{self.user}@127.0.0.1", f"{self.uses:08x}"
        hashed = hashlib.sha256 if self.algorithm == "SHA-256" else hashlib.md5

        def h(text):
            return hashed(text.encode()).hexdigest()
        response = h(f"{h(f'{username}:assent:{password}')}:{self.nonce}:{count}:abc:auth:{h(f'{method}:{uri}')}")
        return (f'Authorization: Digest username="{username}", realm="assent", nonce="{self.nonce}", uri="{uri}", '
                f'algorithm={self.algorithm}, qop=auth, nc={count}, cnonce="abc", response="{response}"\n')

    def send(self, method, body="", kind="application/sdp", branch=None, more="", cseq=None):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        self.branch = branch or "z9hG4bK" + os.urandom(6).hex()
        to = f"<sip:{self.user}@127.0.0.1>" + (f";tag={self.to_tag}" if self.to_tag else "")
        body = on_the_wire(body)
        text = on_the_wire(
            f"{method} sip:{self.user}@127.0.0.1 SIP/2.0\nVia: SIP/2.0/{self.transport} {self.own};branch={self.branch};rport\n"
            f"From: <sip:src@example.com>;tag={self.from_tag}\nTo: {to}\nCall-ID: {self.call}\nCSeq: {cseq} {method}\n"
            f"Max-Forwards: 70\nContact: <sip:src@{self.own};transport={self.transport.lower()}>;+sip.src\nRequire: siprec\n"
            f"Allow: INVITE, ACK, CANCEL, BYE, UPDATE\n{self.authorization(method) if method not in ('ACK', 'CANCEL') else ''}{more}"
            + (f"Content-Type: {kind}\n" if body else "") + f"Content-Length: {len(body)}\n\n") + body
        self.socket.sendall(text.encode())

    def read(self):
        """The next message, which may be a request."""
        while True:
            head, blank, rest = self.rest.partition("\r\n\r\n")
            if blank:
                found = re.search(r"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                length = int(found.group(1)) if found else 0
                if self.transport == "UDP" or len(rest.encode()) >= length:
                    self.rest = "" if self.transport == "UDP" else rest[length:]
                    return Reply(head + blank + rest[:length])
            part = self.socket.recv(65536)
            if not part:
                raise ConnectionError("the other side has closed")
            self.rest += part.decode()

    def final(self):
        while True:
            reply = self.read()
            if reply.status >= 200:
                return reply

    def ask(self, method, *arguments, **more):
        """A request and its final response, past a challenge."""
        self.send(method, *arguments, **more)
        reply = self.final()
        if reply.status == 401 and self.digest:
            if method == "INVITE":
                self.send("ACK", branch=self.branch, cseq=self.cseq)
            challenge = next(value for value in reply.all("WWW-Authenticate") if f"algorithm={self.algorithm}" in value)
            self.nonce, self.uses = re.search(r'nonce="([^"]+)"', challenge).group(1), 0
            self.send(method, *arguments, **more)
            reply = self.final()
        return reply

    def invite(self, body=None, kind=None, **more):
        """Also a re-INVITE; acknowledged when it is granted."""
        reply = self.ask("INVITE", body or multipart(), kind or ("multipart/mixed;boundary=foobar" if body is None else "application/sdp"),
                         **more)
        if reply.status < 300:
            self.to_tag = re.search(r"tag=([^;>\s]+)", reply.header("To")).group(1)
        self.send("ACK", cseq=self.cseq)
        return reply

    def await_request(self, method, patience=10):
        """A request of the server's in this dialog, answered with 200."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            message = self.read()
            if message.first.startswith(method + " ") and message.header("Call-ID") == self.call:
                self.answer(message)
                return message
        raise TimeoutError(method + " did not come")

    def answer(self, request):
        lines = [f"Via: {value}" for value in request.all("Via")]
        lines += [f"{name}: {request.header(name)}" for name in ("From", "To", "Call-ID", "CSeq")]
        self.socket.sendall(on_the_wire("SIP/2.0 200 OK\n" + "\n".join(lines) + "\nContent-Length: 0\n\n").encode())


def trusting(authority, certificate=None, key=None):
    """A TLS context."""
    context = ssl.create_default_context(cafile=authority)
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(certificate, key)
    return context
