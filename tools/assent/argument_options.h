// Options that several commands have, and options whose text is parsed once and kept typed. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "base/ids.h"
#include "tools/assent/arguments.h"

namespace assent {

// `form` says what is right, for the complaint and the help.
template <typename Target, typename Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, Target& target, Parse parse, const std::string& help,
                        const std::string& form) {
  return app
      .add_option_function<std::string>(
          name,
          [&target, parse, name, form](const std::string& text) {
            auto value = parse(text);
            if (!value) throw CLI::ValidationError(name, "\"" + text + "\" is not " + form);
            target = *value;
          },
          help)
      ->type_name("");
}

template <typename IdType>
CLI::Option* add_id(CLI::App& app, const std::string& name, IdType& id, const std::string& help) {
  return add_parsed(app, name, id, parse_id<IdType>, help, "an id such as 0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6")
      ->required();
}

void add_output(CLI::App& app, Output& output);  // --json
void add_receipt(CLI::App& app, std::optional<std::filesystem::path>& file);
void add_engine(CLI::App& app, EngineReach& engine);                          // --api, --token, --state
void add_receipt(CLI::App& app, std::optional<std::filesystem::path>& file);  // --receipt

}  // namespace assent
