#!/usr/bin/env python3
"""Verifies an exported ledger without assent: `check_export.py ledger.jsonl [--public-key HEX] [--expect-head SEQ:HASH]`.

It shares no code with the engine, and needs python3-cryptography. What is hashed and signed stands in
engine/catalog/ledger.h and engine/catalog/ledger_seal.h. Exit status: 0 whole, 1 broken (with the record), 77 cryptography
is not there. Give the public key that you noted when the engine first ran: the export's own word for it proves little.
"""
import argparse
import hashlib
import json
import struct
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("SKIPPED: python3-cryptography is not installed")
    sys.exit(77)


class Broken(Exception):
    pass


def no_key_twice(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def no_float(text):
    raise ValueError("the number " + text + " is no integer")


def parse(text):
    return json.loads(text, object_pairs_hook=no_key_twice, parse_float=no_float, parse_constant=no_float)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_signed(public_key, statement, signature):
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), statement)
        return True
    except (InvalidSignature, ValueError):
        return False


def checkpoint_statement(body):
    return (b"assent ledger checkpoint 1" + struct.pack(">Q", body["seq"]) + bytes.fromhex(body["hash"]) +
            struct.pack(">q", body["at_ns"]))


def key_statement(seq_before, hash_before, public_key):
    return b"assent ledger key 1" + struct.pack(">Q", seq_before) + hash_before + bytes.fromhex(public_key)


class Ledger:
    def __init__(self, noted):
        self.seq, self.hash, self.noted = 0, bytes(32), noted
        self.first_key = self.key_id = self.public_key = None
        self.checkpoints = 0

    def take(self, line, entry):
        record = entry["record"]
        if record["seq"] != self.seq + 1:
            raise Broken(f"at record {self.seq + 1}: the record is missing")
        text = canonical(record)
        if line != canonical({"hash": entry["hash"], "record": record}):
            raise Broken(f"at record {record['seq']}: it is not in canonical JSON")
        digest = hashlib.sha256(self.hash + text.encode()).digest()
        if digest.hex() != entry["hash"]:
            raise Broken(f"at record {record['seq']}: its hash does not match it and the record before")
        if record["kind"] == "ledger_key":
            self.take_key(record)
        if record["kind"] == "checkpoint":
            self.take_checkpoint(record["seq"], record["body"], record["at_ns"])
            self.checkpoints += 1
        self.seq, self.hash = record["seq"], digest
        if self.noted and self.noted[0] == self.seq and self.noted[1] != digest.hex():
            raise Broken(f"at record {self.seq}: it is not the one whose hash was noted")

    def take_key(self, record):
        body = record["body"]
        signer = self.public_key or body["public_key"]
        if not is_signed(signer, key_statement(self.seq, self.hash, body["public_key"]), body["signature"]):
            raise Broken(f"at record {record['seq']}: the key that it begins is not signed by the key before")
        self.first_key = self.first_key or body["public_key"]
        self.key_id, self.public_key = body["key"], body["public_key"]

    def take_checkpoint(self, seq, body, at_ns):
        if (body["seq"], body["hash"], body["at_ns"]) != (self.seq, self.hash.hex(), at_ns):
            raise Broken(f"at record {seq}: the checkpoint signs another record than the one before it")
        if body["key"] != self.key_id or not is_signed(self.public_key, checkpoint_statement(body), body["signature"]):
            raise Broken(f"at record {seq}: the checkpoint's signature is not by the ledger's key")


def check(lines, public_key=None, noted=None):
    header = parse(next(lines, "{}"))
    if header.get("assent_ledger_export") != 1:
        raise Broken("this is no export of a ledger")
    ledger = Ledger(noted)
    end = None
    for line in lines:
        line = line.rstrip("\n")
        if end:
            raise Broken("something follows the signature at the end")
        try:
            entry = parse(line)
        except ValueError as fault:
            raise Broken(f"at record {ledger.seq + 1}: {fault}") from None
        if "checkpoint" in entry:
            end = entry["checkpoint"]
        else:
            ledger.take(line, entry)
    if not end:
        raise Broken(f"at record {ledger.seq + 1}: the signature over the last record is missing: it may have been cut off")
    ledger.take_checkpoint(ledger.seq, end, end["at_ns"])
    if noted and noted[0] > ledger.seq:
        raise Broken(f"at record {ledger.seq + 1}: it is missing, up to record {noted[0]}, which was noted")
    if header["public_key"] != ledger.public_key or (public_key and public_key not in (ledger.first_key, ledger.public_key)):
        raise Broken("it is signed by another key than the one expected")
    return ledger


def main():
    options = argparse.ArgumentParser(description="Verify an exported ledger.")
    options.add_argument("file")
    options.add_argument("--public-key", help="the key that was noted, 64 hex digits")
    options.add_argument("--expect-head", help="a head that was noted, SEQ:HASH")
    given = options.parse_args()
    noted = None
    if given.expect_head:
        seq, digest = given.expect_head.split(":")
        noted = (int(seq), digest)
    try:
        with open(given.file, encoding="utf-8", newline="\n") as file:
            ledger = check(iter(file), given.public_key, noted)
    except (Broken, KeyError, TypeError, ValueError) as fault:
        print(f"the ledger is BROKEN: {fault}")
        return 1
    print(f"the ledger is intact: {ledger.seq} records, {ledger.checkpoints} checkpoints, head {ledger.seq}:{ledger.hash.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
