// XmlTree: a small XML document that came from the network, as a tree.
//
// Prefixes and namespaces are left out of the names: what SBCs send as recording metadata differs in them and means the
// same. Bounded: 256 KiB, 16 deep, 8192 elements, 32 attributes each; a DOCTYPE is refused, with which the tricks of
// XML (entities that grow, files that are fetched) are gone. Keeps expat out of everything else. Pure; any thread.
// Errc::invalid: not that, with the line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assent {

struct XmlElement {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  // directly in it, without white space around it
  std::vector<XmlElement> children;

  // By name, where case does not matter either.
  bool is(std::string_view wanted) const;
  const XmlElement* child(std::string_view wanted) const;   // the first
  std::string_view text_of(std::string_view wanted) const;  // of the first child of that name; "" without one
  std::string_view attribute(std::string_view wanted) const;
};

Result<XmlElement> parse_xml(std::string_view text);

}  // namespace assent
