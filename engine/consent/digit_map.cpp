#include "engine/consent/digit_map.h"

#include <string>
#include <string_view>

#include "codecs/telephone_event.h"

namespace assent {

Result<void> DigitMap::bind(char digit, DigitAction action) {
  const std::size_t place = kTelephoneKeys.find(digit);
  if (place == std::string_view::npos) return error(Errc::invalid, "digits: a digit is one of 0-9, *, # and A-D");
  const std::string where = std::string("digits: ") + digit + " ";
  if (actions_[place].kind != DigitAction::Kind::none) return error(Errc::invalid, where + "is bound twice");
  if (action.kind == DigitAction::Kind::decide) {
    if (action.decision == Decision::expired) return error(Errc::invalid, where + "cannot mean expired");
    if (action.decision == Decision::granted && action.purposes.empty()) {
      return error(Errc::invalid, where + "grants, so it must name its purposes");
    }
  }
  actions_[place] = action;
  return {};
}

DigitAction DigitMap::action_of(char digit) const {
  const std::size_t place = kTelephoneKeys.find(digit);
  return place == std::string_view::npos ? DigitAction{} : actions_[place];
}

}  // namespace assent
