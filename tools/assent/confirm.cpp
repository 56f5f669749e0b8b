#include "tools/assent/confirm.h"

#include <unistd.h>

#include <iostream>

#include "tools/assent/text_table.h"

namespace assent {

Result<void> ask_to_destroy(const std::string& what, const std::string& done, Console& console) {
  const std::string nothing = "nothing was " + done;
  if (isatty(STDIN_FILENO) != 1) return error(Errc::invalid, nothing + ": there is nobody to ask; give --yes");
  console.err << "Destroy " << what << " for good? Nobody can bring it back. Type yes: " << std::flush;
  std::string answer;
  if (std::getline(std::cin, answer) && answer == "yes") return {};
  return error(Errc::invalid, nothing);
}

void print_steps(const Json& erasure, Console& console) {
  for (const auto& step : list_at(erasure, "steps")) {
    console.out << text_at(step, "at") << "  " << text_at(step, "step") << ": " << printable(text_at(step, "what"))
                << "\n";
  }
}

}  // namespace assent
