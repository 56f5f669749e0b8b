// Every command is named here, with what it gives. A new one does not compile before it is named. What those that give
// audio do with a purpose that nobody granted, their own tests say: export and show ask the API or its service
// (tests/engine/control/readers_test.cpp), keys export_keys_test.cpp.
#include <sstream>
#include <type_traits>
#include <variant>
#include <vector>

#include "catch.h"
#include "tools/assent/arguments.h"

namespace assent {
namespace {

// own_audio: what a person said themselves, given to them, which rests on no purpose.
enum class Gives { audio_for_a_purpose, own_audio, no_audio };

struct Given {
  Gives operator()(const ExportArguments&) const { return Gives::audio_for_a_purpose; }
  Gives operator()(const ExportKeysArguments&) const { return Gives::audio_for_a_purpose; }
  Gives operator()(const ShowArguments&) const { return Gives::audio_for_a_purpose; }  // its waveform
  Gives operator()(const RunArguments&) const { return Gives::no_audio; }
  Gives operator()(const CheckArguments&) const { return Gives::no_audio; }
  Gives operator()(const TopArguments&) const { return Gives::no_audio; }
  Gives operator()(const CallsArguments&) const { return Gives::no_audio; }
  Gives operator()(const ConsentArguments&) const { return Gives::no_audio; }
  Gives operator()(const WithdrawArguments&) const { return Gives::no_audio; }
  Gives operator()(const EraseArguments&) const { return Gives::no_audio; }
  Gives operator()(const DiscloseArguments&) const { return Gives::own_audio; }
  Gives operator()(const StandingArguments&) const { return Gives::no_audio; }
  Gives operator()(const NoticesArguments&) const { return Gives::no_audio; }
  Gives operator()(const PurposesArguments&) const { return Gives::no_audio; }
  Gives operator()(const PauseArguments&) const { return Gives::no_audio; }
  Gives operator()(const EndArguments&) const { return Gives::no_audio; }
  Gives operator()(const RecordingsArguments&) const { return Gives::no_audio; }
  Gives operator()(const VerifyArguments&) const { return Gives::no_audio; }   // says what is whole
  Gives operator()(const SalvageArguments&) const { return Gives::no_audio; }  // ciphertext into the store
  Gives operator()(const DeleteArguments&) const { return Gives::no_audio; }
  Gives operator()(const LedgerArguments&) const { return Gives::no_audio; }
  Gives operator()(const KeysArguments&) const { return Gives::no_audio; }
  Gives operator()(const ProcessorsArguments&) const { return Gives::no_audio; }
  Gives operator()(const HoldArguments&) const { return Gives::no_audio; }
  Gives operator()(const VersionArguments&) const { return Gives::no_audio; }
};

// The purpose that a command was given, where it takes one.
template <typename Command>
bool names_a_purpose(const Command& command) {
  if constexpr (std::is_same_v<Command, ExportArguments> || std::is_same_v<Command, ExportKeysArguments>) {
    return !command.purpose.empty();
  } else if constexpr (std::is_same_v<Command, ShowArguments>) {
    return command.wave_purpose.has_value();
  } else {
    return false;
  }
}

constexpr const char* kId = "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6";

}  // namespace

TEST_CASE("every command that gives audio takes the purpose it is for, and none gives it without") {
  const std::vector<std::vector<const char*>> lines = {
      {"assent", "export", kId, "--purpose", "quality", "--out", "a.wav", "--state", "/s"},
      {"assent", "export", kId, "--keys", "--purpose", "quality", "--state", "/s"},
      {"assent", "show", kId, "--wave", "quality", "--state", "/s"}};
  for (const auto& line : lines) {
    std::ostringstream out;
    std::ostringstream err;
    const auto parsed = parse_arguments(static_cast<int>(line.size()), line.data(), out, err);
    INFO(err.str());
    REQUIRE(std::holds_alternative<Arguments>(parsed));
    const auto& arguments = std::get<Arguments>(parsed);
    CHECK(std::visit(Given(), arguments) == Gives::audio_for_a_purpose);
    CHECK(std::visit([](const auto& command) { return names_a_purpose(command); }, arguments));
  }
  for (const auto& line :
       std::vector<std::vector<const char*>>{{"assent", "export", kId, "--out", "a.wav", "--state", "/s"},
                                             {"assent", "export", kId, "--keys", "--state", "/s"},
                                             {"assent", "show", kId, "--wave", "--state", "/s"}}) {
    std::ostringstream out;
    std::ostringstream err;
    CHECK(std::holds_alternative<ExitStatus>(parse_arguments(static_cast<int>(line.size()), line.data(), out, err)));
  }
}

}  // namespace assent
