// TextTable: rows of cells in aligned columns, and the plain text of what others wrote. Pure. One thread.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace assent {

// What came from outside, safe on a terminal: control characters as '?', so that a name cannot move the cursor.
std::string printable(std::string_view text);

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  // Two spaces between columns, none at a line's end. Widths count UTF-8 characters.
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first is the heading
};

}  // namespace assent
