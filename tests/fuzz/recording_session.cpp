#include "../engine/signalling/session_bodies.h"
#include "../engine/signalling/session_rig.h"

// A whole offer: its content type, a line end, its body. It begins a session, changes it, changes another that is
// there already, and comes as INFO. Whatever it was, what is answered can be read, and the session can be taken up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view type = input.substr(0, end);
  const std::string_view body = input.substr(std::min(end + 1, input.size()));
  assent::SessionRig rig;
  for (const bool is_first : {true, false}) {
    if (!is_first) rig.dialog.call_id = "another";
    if (!is_first && rig.begin(assent::kMixed, assent::usual_offer()).status != 200) __builtin_trap();
    const assent::SiprecAnswer answers[] = {is_first ? rig.begin(type, body) : rig.change(type, body),
                                            rig.change(type, body), rig.change("", "")};
    for (const assent::SiprecAnswer& answer : answers) {
      if (answer.reason.empty() || (answer.status == 200 && !assent::parse_sdp(answer.sdp))) __builtin_trap();
    }
    (void)rig.sessions.inform(rig.dialog, type, body);
  }
  assent::RecordedSessions again(rig.calls, [](const std::string&) {});
  if (again.take_up().size() != rig.calls.live.size()) __builtin_trap();
  return 0;
}
