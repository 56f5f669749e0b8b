"""The NG protocol of rtpengine: a cookie and a bencoded dictionary in a datagram, and the same back."""
import itertools
import socket

from process import Failed


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


def bdecode(data, at=0):
    """The value that begins there, and where it ends."""
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        at += 1
        items = []
        while data[at:at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        return {key.decode(): value for key, value in zip(items[::2], items[1::2])}, at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


class NgClient:
    PATIENCE_SECONDS = 2
    ATTEMPTS = 5  # the same cookie again gets the same answer, and is not done twice

    def __init__(self, address, port):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(self.PATIENCE_SECONDS)
        self._socket.connect((address, port))
        self._cookies = itertools.count(1)

    def close(self):
        self._socket.close()

    def is_up(self):
        try:
            self._socket.send(b"up " + bencode({"command": "ping"}))
            return b"pong" in self._socket.recv(65536)
        except OSError:
            return False

    def ask(self, command, **arguments):
        cookie = b"c%d" % next(self._cookies)
        request = {name.replace("_", "-"): value for name, value in arguments.items()}
        datagram = cookie + b" " + bencode({"command": command, **request})
        for _ in range(self.ATTEMPTS):
            self._socket.send(datagram)
            try:
                answered, _, body = self._socket.recv(65536).partition(b" ")
                while answered != cookie:  # to an earlier attempt
                    answered, _, body = self._socket.recv(65536).partition(b" ")
            except TimeoutError:
                continue
            reply, _ = bdecode(body)
            if reply.get("result") != b"ok":
                raise Failed(f"rtpengine refused {command}: {reply}")
            return reply
        raise Failed(f"rtpengine does not answer {command}")
