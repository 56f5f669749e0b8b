"""SRTP as the RFCs have it (3711, 6188, 7714), written from them for the end-to-end tests: it shares no code with the engine."""
import base64
import hashlib
import hmac
import os
import socket
import struct

import harness

try:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    harness.skip("python3-cryptography is not installed")

# By name: bytes of key, salt and tag.
SUITES = {"AES_CM_128_HMAC_SHA1_80": (16, 14, 10), "AES_CM_128_HMAC_SHA1_32": (16, 14, 4),
          "AES_256_CM_HMAC_SHA1_80": (32, 14, 10), "AES_256_CM_HMAC_SHA1_32": (32, 14, 4),
          "AEAD_AES_128_GCM": (16, 12, 16), "AEAD_AES_256_GCM": (32, 12, 16)}


def new_key(suite):
    """A master key and salt, as bytes."""
    return os.urandom(SUITES[suite][0] + SUITES[suite][1])


def srtp_of(suite, key, **more):
    """What the API is told."""
    return {"suite": suite, "key": base64.b64encode(key).decode(), **more}


def keystream(key, counter, size):
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return encryptor.update(bytes(size))


class Protection:
    """One direction of a session under one master key (RFC 3711 4.3: key derivation rate 0)."""

    def __init__(self, suite, key, mki=b""):
        key_bytes, salt_bytes, self.tag_bytes = SUITES[suite]
        self.is_aead, self.mki = suite.startswith("AEAD"), mki
        master, salt = key[:key_bytes], key[key_bytes:] + bytes(14 - salt_bytes)

        def derive(label, size):
            return keystream(master, bytes(a ^ b for a, b in zip(salt, bytes(7) + bytes([label]) + bytes(6))) + bytes(2), size)
        self.keys = {protocol: (derive(first, key_bytes), derive(first + 1, 20), derive(first + 2, salt_bytes))
                     for protocol, first in (("rtp", 0), ("rtcp", 3))}

    def protect(self, packet, index, header_bytes=12):
        """RTP; `index` counts 48 bits."""
        key, authentication, salt = self.keys["rtp"]
        header, payload = packet[:header_bytes], packet[header_bytes:]
        ssrc = packet[8:12]
        if self.is_aead:
            iv = bytes(a ^ b for a, b in zip(bytes(2) + ssrc + index.to_bytes(6, "big"), salt))
            return header + AESGCM(key).encrypt(iv, payload, header) + self.mki
        counter = bytes(a ^ b for a, b in zip(salt, bytes(4) + ssrc + index.to_bytes(6, "big"))) + bytes(2)
        body = header + bytes(a ^ b for a, b in zip(payload, keystream(key, counter, len(payload))))
        tag = hmac.new(authentication, body + (index >> 16).to_bytes(4, "big"), hashlib.sha1).digest()
        return body + self.mki + tag[:self.tag_bytes]

    def protect_rtcp(self, compound, index):
        key, authentication, salt = self.keys["rtcp"]
        header, payload = compound[:8], compound[8:]
        ssrc, number = compound[4:8], (0x80000000 | index).to_bytes(4, "big")
        if self.is_aead:
            iv = bytes(a ^ b for a, b in zip(bytes(2) + ssrc + bytes(2) + index.to_bytes(4, "big"), salt))
            return header + AESGCM(key).encrypt(iv, payload, header + number) + number + self.mki
        counter = bytes(a ^ b for a, b in zip(salt, bytes(4) + ssrc + index.to_bytes(6, "big"))) + bytes(2)
        body = header + bytes(a ^ b for a, b in zip(payload, keystream(key, counter, len(payload)))) + number
        return body + self.mki + hmac.new(authentication, body, hashlib.sha1).digest()[:10]


class SrtpSender(harness.Sender):
    """As harness.Sender, protected; `first` is the 48-bit index of its first packet. `port`: where from, which others may
    share with it (SO_REUSEPORT)."""

    def __init__(self, leg, suite, key, first=None, mki=b"", port=None, **more):
        super().__init__(leg, **more)
        self.protection = Protection(suite, key, mki)
        if first is not None:
            self.sequence = first
        if port is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.socket.bind(("127.0.0.1", port))

    def packet(self, payload, payload_type=None, marker=0, timestamp=None):
        index = self.sequence
        return self.protection.protect(super().packet(payload, payload_type, marker, timestamp), index)

    def bye(self):
        """RTCP, to the port that it is sent to: a receiver report of nothing, and BYE (RFC 3550 6.6)."""
        compound = struct.pack(">BBHI", 0x80, 201, 1, self.ssrc) + struct.pack(">BBHI", 0x81, 203, 1, self.ssrc)
        self.socket.sendto(self.protection.protect_rtcp(compound, 1), self.to)
