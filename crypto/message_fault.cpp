#include "crypto/message_fault.h"

namespace assent {

std::string_view name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::truncated: return "truncated";
    case FaultKind::bad_header: return "bad_header";
    case FaultKind::unknown_suite: return "unknown_suite";
    case FaultKind::over_limit: return "over_limit";
    case FaultKind::no_key: return "no_key";
    case FaultKind::key_tag: return "key_tag";
    case FaultKind::commitment_mismatch: return "commitment_mismatch";
    case FaultKind::header_tag: return "header_tag";
    case FaultKind::bad_frame: return "bad_frame";
    case FaultKind::frame_out_of_order: return "frame_out_of_order";
    case FaultKind::frame_tag: return "frame_tag";
    case FaultKind::final_missing: return "final_missing";
    case FaultKind::bad_signature: return "bad_signature";
    case FaultKind::trailing_bytes: return "trailing_bytes";
    case FaultKind::source_failed: return "source_failed";
  }
  return "unknown";
}

namespace {

Errc code_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::no_key: return Errc::not_found;
    case FaultKind::unknown_suite:
    case FaultKind::over_limit: return Errc::unsupported;
    case FaultKind::source_failed: return Errc::io;
    default: return Errc::corrupt;
  }
}

}  // namespace

Error to_error(const MessageFault& fault) {
  const std::string place = fault.frame == 0 ? "header" : "frame " + std::to_string(fault.frame);
  return error(code_of(fault.kind), std::string(name_of(fault.kind)) + " at byte " + std::to_string(fault.offset) +
                                        " (" + place + "): " + fault.what);
}

}  // namespace assent
