// The messages of RFC 4475, "SIP Torture Test Messages", and what a recording server says to each.
//
// As in the RFC, except that the topmost Via is the test's own address ("{via}" stands for its host and port), by which
// the answer comes back, and that all come by UDP, so its transport is UDP. Lines end with CRLF when they are sent; a
// line that begins with a blank goes on with the one before. A Content-Length of 15x is set to what the body has then.
#pragma once

#include <string>
#include <vector>

namespace assent {

struct TortureMessage {
  std::string name;           // of the RFC's file
  std::string section;        // of the RFC
  std::vector<int> expected;  // any of these; 0: no answer, and nothing happens
  std::string why;
  std::string text;
};

const std::vector<TortureMessage>& torture_messages();

}  // namespace assent
