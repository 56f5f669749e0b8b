// The commands: what each does with its arguments, one file a command. Results go to the console; the exit status says
// how it went (exit_status.h). One thread; run once a process.
#pragma once

#include "tools/assent/arguments.h"
#include "tools/assent/console.h"
#include "tools/assent/exit_status.h"

namespace assent {

ExitStatus perform(const RunArguments& arguments, Console& console);
ExitStatus perform(const CheckArguments& arguments, Console& console);
ExitStatus perform(const TopArguments& arguments, Console& console);
ExitStatus perform(const CallsArguments& arguments, Console& console);
ExitStatus perform(const ConsentArguments& arguments, Console& console);
ExitStatus perform(const WithdrawArguments& arguments, Console& console);
ExitStatus perform(const EraseArguments& arguments, Console& console);
ExitStatus perform(const DiscloseArguments& arguments, Console& console);
ExitStatus perform(const KeysArguments& arguments, Console& console);
ExitStatus perform(const ProcessorsArguments& arguments, Console& console);
ExitStatus perform(const HoldArguments& arguments, Console& console);
ExitStatus perform(const StandingArguments& arguments, Console& console);
ExitStatus perform(const NoticesArguments& arguments, Console& console);
ExitStatus perform(const PurposesArguments& arguments, Console& console);
ExitStatus perform(const PauseArguments& arguments, Console& console);
ExitStatus perform(const EndArguments& arguments, Console& console);
ExitStatus perform(const RecordingsArguments& arguments, Console& console);
ExitStatus perform(const ShowArguments& arguments, Console& console);
ExitStatus perform(const ExportArguments& arguments, Console& console);
ExitStatus perform(const ExportKeysArguments& arguments, Console& console);
ExitStatus perform(const VerifyArguments& arguments, Console& console);
ExitStatus perform(const DeleteArguments& arguments, Console& console);
ExitStatus perform(const SalvageArguments& arguments, Console& console);
ExitStatus perform(const LedgerArguments& arguments, Console& console);
ExitStatus perform(const VersionArguments& arguments, Console& console);

}  // namespace assent
