"""Debian's rtpengine in user space, with recording-method=pcap; and the same without recording, so that what forwarding
costs can be told apart.

Each call is an offer and an answer, so both legs have a port. rtpengine forwards what comes to the other leg's address, as
it must; here that is one socket (Sink) that nobody reads: once its small buffer is full the kernel drops what comes to it,
cheaply and without an ICMP error that would cost rtpengine more. It keeps to that address (endpoint-learning=off).
"""
import glob
import os
import re
import shutil
import socket

import packet_counts
import process
from ng_client import NgClient
from ports import ADDRESS, FIRST_PORT, LAST_PORT

CONTROL_PORT = 2223
# One core, one thread: more of them cost more there.
OPTIONS = ["--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=3", f"--interface={ADDRESS}",
           f"--listen-ng={ADDRESS}:{CONTROL_PORT}", f"--port-min={FIRST_PORT}", f"--port-max={LAST_PORT}",
           "--endpoint-learning=off", "--delete-delay=0", "--timeout=600", "--num-threads=1", "--media-num-threads=0"]

SDP = """v=0
o=- 1 1 IN IP4 {address}
s=-
c=IN IP4 {address}
t=0 0
m=audio {port} RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=ptime:20
a=sendrecv
""".replace("\n", "\r\n")


def program():
    return shutil.which("rtpengine", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


class Sink:
    """Where forwarded packets end, counted."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the smallest there is
        self._socket.bind((ADDRESS, 0))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self._read = 0

    def packets(self):
        """What the kernel dropped at the full buffer, and what is in it."""
        with open("/proc/net/udp") as file:
            lines = [line.split() for line in file if f":{self.port:04X} " in line]
        dropped = sum(int(fields[12]) for fields in lines if fields[1].endswith(f":{self.port:04X}"))
        try:
            while self._socket.recv(2048):
                self._read += 1
        except BlockingIOError:
            return dropped + self._read

    def close(self):
        self._socket.close()


class Forwarding:
    name, title = "rtpengine-forward", "rtpengine, not recording"
    records = False

    def __init__(self, folder, calls):
        self.folder = folder
        self.calls = [f"call-{number}" for number in range(calls)]
        self.ports = []
        self.process = self.sink = self.control = None

    @staticmethod
    def missing():
        return None if program() else "rtpengine is not installed (tools/setup bench)"

    @property
    def pid(self):
        return self.process.pid

    def set_up(self):
        with open(os.path.join(self.folder, "rtpengine.log"), "wb") as log:
            self.process = process.start([program(), *OPTIONS, *self.recording_options()], stdout=log, stderr=log)
        self.sink = Sink()
        self.control = NgClient(ADDRESS, CONTROL_PORT)
        process.wait_until("rtpengine starts", self.control.is_up, 30)
        for call in self.calls:
            self.begin(call)

    def begin(self, call):
        sdp = SDP.format(address=ADDRESS, port=self.sink.port)
        offered = self.control.ask("offer", call_id=call, from_tag="a", sdp=sdp, ICE="remove")
        answered = self.control.ask("answer", call_id=call, from_tag="a", to_tag="b", sdp=sdp, ICE="remove")
        if self.records:
            self.control.ask("start recording", call_id=call)
        for reply in (offered, answered):
            self.ports.append((ADDRESS, int(re.search(rb"m=audio (\d+)", reply["sdp"])[1])))

    def recording_options(self):
        return []

    def finish(self):
        for call in self.calls:
            self.control.ask("delete", call_id=call, from_tag="a")

    def forwarded_packets(self):
        return self.sink.packets()

    def recorded_packets(self):
        return self.forwarded_packets()

    def close(self):
        process.stop(self.process)
        for each in (self.sink, self.control):
            if each:
                each.close()


class Recording(Forwarding):
    name, title = "rtpengine", "rtpengine, pcap"
    records = True

    def recording_options(self):
        self.recordings = os.path.join(self.folder, "recordings")
        return [f"--recording-dir={self.recordings}", "--recording-method=pcap"]

    def finish(self):
        super().finish()
        process.wait_until("rtpengine closes its files",
                           lambda: not process.open_files_below(self.pid, self.recordings), 60)

    def recorded_packets(self):
        packets = 0
        for path in glob.glob(os.path.join(self.recordings, "pcaps", "*.pcap")):
            with open(path, "rb") as file:
                packets += packet_counts.pcap_packets(file.read())
        return packets
