"""How many packets are in what was recorded, each counted, none taken on trust.

A file that is cut short counts for what is in it. A packet of G.711 carries 20 ms, 160 bytes.
"""
import struct

PAYLOAD_BYTES = 160
RTP_PACKET_BYTES = 20 + 8 + 12 + PAYLOAD_BYTES  # with its IP and UDP header, as rtpengine writes it


class Malformed(Exception):
    pass


def pcap_packets(data):
    """Packets of the load in a pcap file (24 bytes, then records of 16 bytes and a packet)."""
    if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        raise Malformed("not a pcap file")
    count, at = 0, 24
    while at + 16 <= len(data):
        kept, = struct.unpack_from("<I", data, at + 8)
        at += 16 + kept
        if kept == RTP_PACKET_BYTES and at <= len(data):
            count += 1
    return count


def wav_packets(data):
    """A WAV file of one byte a sample."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise Malformed("not a WAV file")
    at = 12
    while at + 8 <= len(data):
        size, = struct.unpack_from("<I", data, at + 4)
        if data[at:at + 4] == b"data":
            return min(size, len(data) - at - 8) // PAYLOAD_BYTES
        at += 8 + size + size % 2
    raise Malformed("a WAV file without samples")


# EBML (RFC 8794): what holds other elements on the way to a block, and the blocks (RFC 9559).
_SEGMENT, _CLUSTER, _BLOCK_GROUP = 0x18538067, 0x1F43B675, 0xA0
_SIMPLE_BLOCK, _BLOCK = 0xA3, 0xA1
_BLOCK_HEADER_BYTES = 4  # a track number below 128, the time, the flags


def _number(data, at, keep_marker):
    length = 9 - data[at].bit_length()
    if length > 8:
        raise Malformed("not a number of EBML")
    value = int.from_bytes(data[at:at + length], "big")
    return value if keep_marker else value & ~(1 << (7 * length)), at + length


def _is_unknown_size(data, at):
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at:at + length], "big") == (1 << (7 * length + 1)) - 1


def matroska_packets(data):
    """Packets in the blocks of a Matroska file, by their bytes."""
    if data[:4] != b"\x1a\x45\xdf\xa3":
        raise Malformed("not a Matroska file")
    payload, at = 0, 0
    try:
        while at < len(data):
            element, at = _number(data, at, keep_marker=True)
            unknown = _is_unknown_size(data, at)
            size, at = _number(data, at, keep_marker=False)
            if element in (_SEGMENT, _CLUSTER, _BLOCK_GROUP):
                continue  # on to what is in it
            if unknown:
                raise Malformed("an element without a size")
            if element in (_SIMPLE_BLOCK, _BLOCK) and at + size <= len(data):
                payload += size - _BLOCK_HEADER_BYTES
            at += size
    except IndexError:
        pass  # cut short
    return payload // PAYLOAD_BYTES
