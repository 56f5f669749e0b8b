#include "engine/signalling/rs_metadata.h"

#include "catch.h"
#include "engine/signalling/xml_tree.h"

using namespace assent;

namespace {

// Written from RFC 7865 section 6: two who speak, each heard by the other.
const std::string kComplete = R"(<?xml version="1.0" encoding="UTF-8"?>
<recording xmlns='urn:ietf:params:xml:ns:recording:1'>
  <datamode>complete</datamode>
  <group group_id="g=="><associate-time>2010-12-16T23:41:07Z</associate-time></group>
  <session session_id="s=="><group-ref>g==</group-ref></session>
  <participant participant_id="bob=="><nameID aor="sip:bob@biloxi.example"><name xml:lang="it">Bob &amp; Co</name></nameID></participant>
  <participant participant_id="paul=="><nameID aor="sip:paul@box.example"><name>Paul</name></nameID></participant>
  <stream stream_id="st1" session_id="s=="><label>96</label></stream>
  <stream stream_id="st2" session_id="s=="><label>97</label></stream>
  <participantsessionassoc participant_id="bob==" session_id="s=="><associate-time>2010-12-16T23:41:07Z</associate-time></participantsessionassoc>
  <participantstreamassoc participant_id="bob=="><send>st1</send><recv>st2</recv></participantstreamassoc>
  <participantstreamassoc participant_id="paul=="><send>st2</send><recv>st1</recv></participantstreamassoc>
</recording>)";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

const RsParticipant* sender_of(const RsMetadata& metadata, std::string_view label) {
  const auto senders = metadata.senders_of(label);
  return senders.empty() ? nullptr : senders.front();
}

RsMetadata must_parse(const std::string& xml) {
  auto read = parse_rs_metadata(xml);
  if (!read) FAIL(read.error().what);
  return *std::move(read);
}

}  // namespace

TEST_CASE("who is in a session, which streams it has, and whose they are") {
  const RsMetadata metadata = must_parse(kComplete);
  CHECK(metadata.is_complete);
  REQUIRE(metadata.participants.size() == 2);
  const RsParticipant& bob = metadata.participants[0];
  CHECK(bob.id == "bob==");
  CHECK(bob.aor == "sip:bob@biloxi.example");
  CHECK(bob.name == "Bob & Co");
  CHECK(bob.sends == std::vector<std::string>{"st1"});
  CHECK(bob.receives == std::vector<std::string>{"st2"});
  CHECK_FALSE(bob.has_left);
  REQUIRE(sender_of(metadata, "97") != nullptr);
  CHECK(sender_of(metadata, "97")->name == "Paul");
  CHECK(sender_of(metadata, "98") == nullptr);
  CHECK(sender_of(metadata, "") == nullptr);
}

TEST_CASE("any namespace, prefix and case means the same") {
  const RsMetadata expected = must_parse(kComplete);
  for (const std::string& other :
       {replaced(kComplete, "urn:ietf:params:xml:ns:recording:1", "urn:ietf:params:xml:ns:recording"),
        replaced(replaced(replaced(kComplete, "<", "<tns:"), "<tns:/", "</tns:"), "<tns:?", "<?"),
        replaced(kComplete, "datamode>", "dataMode>"),
        replaced(kComplete, "2010-12-16T23:41:07Z", "1970-01-01T00:00:00+0000")}) {
    const RsMetadata read = must_parse(replaced(other, "xmlns='", "xmlns:tns='"));
    CHECK(read.participants == expected.participants);
    CHECK(read.streams == expected.streams);
  }
}

TEST_CASE("the names of the drafts are read, too") {
  const RsMetadata metadata = must_parse(R"(<recording xmlns="urn:ietf:params:xml:ns:recording">
    <dataMode>complete</dataMode>
    <participant id="p1" session="s"><aor>sip:alice@a.example</aor><name>Alice</name><send>m1</send></participant>
    <stream id="m1" session="s"><mode>separate</mode><label>1</label></stream></recording>)");
  REQUIRE(sender_of(metadata, "1") != nullptr);
  CHECK(sender_of(metadata, "1")->aor == "sip:alice@a.example");
  CHECK(sender_of(metadata, "1")->name == "Alice");
}

TEST_CASE("a partial document changes what it names, and a complete one stands for all") {
  const RsMetadata before = must_parse(kComplete);
  const RsMetadata said = must_parse(R"(<recording><datamode>partial</datamode>
    <participant participant_id="eve"><nameID aor="sip:eve@e.example"/></participant>
    <stream stream_id="st3"><label>98</label></stream>
    <participantsessionassoc participant_id="paul=="><disassociate-time>2010-12-16T23:42:07Z</disassociate-time></participantsessionassoc>
    <participantstreamassoc participant_id="eve"><send>st3</send></participantstreamassoc></recording>)");
  CHECK_FALSE(said.is_complete);
  const RsMetadata now = updated(before, said);
  REQUIRE(now.participants.size() == 3);
  CHECK(now.participants[0] == before.participants[0]);
  CHECK(now.participants[1].has_left);
  CHECK(now.participants[1].name == "Paul");
  CHECK(now.participants[1].sends == std::vector<std::string>{"st2"});
  CHECK(sender_of(now, "98")->aor == "sip:eve@e.example");
  CHECK(now.streams.size() == 3);
  CHECK(updated(now, before).participants == before.participants);
}

TEST_CASE("what is no metadata is refused, with the line where it is XML that is wrong") {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "<a>";
  std::string wide = "<recording>";
  for (int i = 0; i < 8192; ++i) wide += "<a/>";
  std::string attributes = "<recording";
  for (int i = 0; i < 33; ++i) attributes += " a" + std::to_string(i) + "='1'";
  const std::pair<std::string, const char*> wrongs[] = {
      {"", "line 1"},
      {"<recording>\n<a></b>\n</recording>", "line 2"},
      {"<other/>", "begins with <other>"},
      {"<!DOCTYPE recording [<!ENTITY a 'aaa'>]><recording>&a;</recording>", "a DOCTYPE is not taken"},
      {"<!DOCTYPE recording SYSTEM 'file:///etc/passwd'><recording/>", "a DOCTYPE is not taken"},
      {"<recording>&nothing;</recording>", "undefined entity"},
      {deep, "nested too deep"},
      {wide, "too many elements"},
      {attributes + "/>", "too many attributes"},
      {"<recording>" + std::string(std::size_t{256} * 1024, 'a') + "</recording>", "too long"}};
  for (const auto& [xml, words] : wrongs) {
    CAPTURE(words);
    const auto read = parse_rs_metadata(xml);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::invalid);
    CHECK_THAT(read.error().what, Catch::Contains(words));
  }
}

TEST_CASE("what lacks its ids is passed over") {
  const RsMetadata metadata = must_parse(
      "<recording><participant/><stream/><participantstreamassoc><send>x</send>"
      "</participantstreamassoc><nonsense><a/></nonsense></recording>");
  CHECK(metadata.participants.empty());
  CHECK(metadata.streams.empty());
}
