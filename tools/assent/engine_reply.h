// What an engine replied, for people or for programs. One thread.
#pragma once

#include <ostream>
#include <string>

#include "base/result.h"
#include "tools/assent/arguments.h"
#include "tools/assent/console.h"
#include "tools/assent/json_fields.h"

namespace assent {

// Prints the reply as JSON, or as `in_words` puts it.
template <typename InWords>
ExitStatus show_reply(const Result<std::string>& body, Output output, Console& console, InWords in_words) {
  if (!body) return fail(console, body.error());
  const auto reply = parse_reply(*body);
  if (!reply) return fail(console, reply.error());
  if (output == Output::json) {
    console.out << reply->dump(2) << "\n";
  } else {
    in_words(*reply);
  }
  return ExitStatus::ok;
}

}  // namespace assent
