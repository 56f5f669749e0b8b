// Bodies of recording sessions, written from RFC 7865 and RFC 7866: Bob, a customer, and Anna, an agent, whose voices
// are in two m-lines.
#pragma once

#include <string>

namespace assent {

inline const std::string kMixed = "multipart/mixed;boundary=foobar";

inline std::string line_sdp(const std::string& label, int port = 40000, const std::string& formats = "0 8 101",
                            const std::string& more = "a=sendonly\r\n") {
  return "m=audio " + std::to_string(port) + " RTP/AVP " + formats + "\r\na=rtpmap:101 telephone-event/8000\r\n" +
         (label.empty() ? "" : "a=label:" + label + "\r\n") + more;
}

inline std::string sdp_of(const std::string& lines, const std::string& address = "IN IP4 192.0.2.1") {
  return "v=0\r\no=SRC 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\nc=" + address + "\r\nt=0 0\r\n" + lines;
}

inline std::string two_lines() { return sdp_of(line_sdp("96", 40000) + line_sdp("97", 40002)); }

inline std::string person_xml(const std::string& id, const std::string& aor, const std::string& name = "") {
  return "<participant participant_id=\"" + id + "\"><nameID aor=\"" + aor + "\">" +
         (name.empty() ? "" : "<name xml:lang=\"en\">" + name + "</name>") + "</nameID></participant>\r\n";
}
inline std::string stream_xml(const std::string& id, const std::string& label) {
  return "<stream stream_id=\"" + id + "\" session_id=\"s==\"><label>" + label + "</label></stream>\r\n";
}
inline std::string sends_xml(const std::string& id, const std::string& sends, const std::string& receives = "") {
  return "<participantstreamassoc participant_id=\"" + id + "\"><send>" + sends + "</send>" +
         (receives.empty() ? "" : "<recv>" + receives + "</recv>") + "</participantstreamassoc>\r\n";
}
inline std::string leaves_xml(const std::string& id) {
  return "<participantsessionassoc participant_id=\"" + id +
         "\" session_id=\"s==\"><associate-time>2026-12-16T23:41:07Z</associate-time>"
         "<disassociate-time>2026-12-16T23:43:07Z</disassociate-time></participantsessionassoc>\r\n";
}
inline std::string metadata_of(const std::string& elements, const std::string& mode = "complete") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<recording xmlns='urn:ietf:params:xml:ns:recording:1'>\r\n"
         "<datamode>" +
         mode + "</datamode>\r\n" + elements + "</recording>\r\n";
}

inline std::string bob_and_anna() {
  return person_xml("bob==", "sip:Bob@Biloxi.example;user=ip", "Bob") +
         person_xml("anna==", "sip:anna@agents.example", "Anna") + stream_xml("st1", "96") + stream_xml("st2", "97") +
         sends_xml("bob==", "st1", "st2") + sends_xml("anna==", "st2", "st1");
}

inline std::string both(const std::string& sdp, const std::string& metadata,
                        const std::string& metadata_type = "application/rs-metadata+xml") {
  return "--foobar\r\nContent-Type: application/sdp\r\n\r\n" + sdp + "\r\n--foobar\r\nContent-Type: " + metadata_type +
         "\r\nContent-Disposition: recording-session\r\n\r\n" + metadata + "\r\n--foobar--\r\n";
}

inline std::string usual_offer() { return both(two_lines(), metadata_of(bob_and_anna())); }

}  // namespace assent
