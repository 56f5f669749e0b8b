"""What draft-ietf-vcon-vcon-core-03 asks of an unsigned vCon and draft-howe-vcon-consent-00 of its attachment, by their text;
it shares nothing with the program. `check_vcon` raises with what is wrong."""
import base64
import re

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
BASE64URL = re.compile(r"[A-Za-z0-9_-]*$")
PARTY = {"tel", "sip", "stir", "mailto", "name", "did", "validation", "gmlpos", "civicaddress", "uuid", "type", "org", "dept"}
DIALOG = {"type", "start", "duration", "parties", "originator", "recordings", "recording_set", "mediatype", "filename", "body",
          "encoding", "url", "content_hash", "disposition", "session_id", "party_history", "application", "message_id"}
ATTACHMENT = {"purpose", "start", "party", "dialog", "mediatype", "filename", "body", "encoding", "url", "content_hash"}


def expect(right, what):
    if not right:
        raise AssertionError("no vCon: " + what)


def is_index(value, items):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(items)


def are_indices(value, items):
    if isinstance(value, list):
        return all(one is None or are_indices(one, items) for one in value)
    return is_index(value, items)


def check_content(object, what):
    expect(("body" in object) != ("url" in object), f"{what}: one of body and url")
    if "url" in object:
        return expect("content_hash" in object, f"{what}: no content_hash")
    expect(re.match(r"[\w.+-]+/[\w.+-]+$", object.get("mediatype", "")), f"{what}: mediatype")
    expect(object.get("encoding") in ("base64url", "json", "none"), f"{what}: encoding")
    if object["encoding"] == "base64url":
        expect(BASE64URL.match(object["body"]), f"{what}: base64url")


def check_vcon(vcon):
    unknown = set()
    expect(vcon.get("vcon") == "0.4.0" and UUID.match(vcon.get("uuid", "")) and DATE.match(vcon.get("created_at", "")), "the head")
    expect(isinstance(vcon.get("subject", ""), str) and "critical" not in vcon, "subject, critical")
    parties, dialogs = vcon.get("parties", []), vcon.get("dialog", [])
    expect(parties and dialogs, "parties and dialog")
    for party in parties:
        unknown |= set(party) - PARTY
        expect(all(isinstance(value, str) for value in party.values()), "a party's texts")
        expect(party.get("type") in (None, "person", "bot", "organization"), "a party's type")
        expect("name" not in party or "validation" in party, "a name without validation")
    for dialog in dialogs:
        unknown |= set(dialog) - DIALOG
        expect(dialog.get("type") in ("recording", "recording-set") and DATE.match(dialog.get("start", "")), "a dialog's type, start")
        expect(dialog.get("duration", 0) >= 0 and are_indices(dialog.get("parties"), parties), "a dialog's duration, parties")
        expect(("recordings" in dialog) == (dialog["type"] == "recording-set"), "recordings")
        expect(are_indices(dialog.get("recordings", []), dialogs), "the recordings of a set")
        expect("recording_set" not in dialog or dialogs[dialog["recording_set"]]["type"] == "recording-set", "recording_set")
        if dialog["type"] == "recording":
            check_content(dialog, "a recording")
        else:
            expect("body" not in dialog and "url" not in dialog, "a set with content")
    for attachment in vcon.get("attachments", []):
        what = attachment.get("purpose", "an attachment")
        unknown |= set(attachment) - ATTACHMENT
        expect(DATE.match(attachment.get("start", "")) and is_index(attachment.get("party"), parties)
               and is_index(attachment.get("dialog"), dialogs), f"{what}: start, party, dialog")
        check_content(attachment, what)
        if what != "consent":
            continue
        expect(attachment.get("type") == "consent" and "expiration" in attachment, "the consent attachment's head")
        for one in attachment["consents"]:
            expect(one["status"] in ("granted", "denied", "revoked", "expired") and one["purpose"] == one["consent"]
                   and isinstance(one["value"], bool), f"a consent: {one}")
    expect(not unknown or vcon.get("extensions"), f"{unknown} are of no extension")


def audio_of(dialog):
    return base64.urlsafe_b64decode(dialog["body"] + "=" * (-len(dialog["body"]) % 4))
