#include "tools/assent/text_table.h"

#include <sstream>

#include "catch.h"

namespace assent {

TEST_CASE("columns are as wide as their widest cell, and lines end with their text") {
  TextTable table({"A", "LONG", "C"});
  table.add({"1", "x", ""});
  table.add({"22222", "yy", "z"});
  std::ostringstream out;
  table.print(out);
  CHECK(out.str() == "A      LONG  C\n1      x\n22222  yy    z\n");
}

TEST_CASE("widths count characters, not bytes") {
  TextTable table({"NAME", "X"});
  table.add({"Jürgen", "1"});
  std::ostringstream out;
  table.print(out);
  CHECK(out.str() == "NAME    X\nJürgen  1\n");
}

TEST_CASE("a table with its heading only is empty") {
  TextTable table({"A"});
  CHECK(table.empty());
  table.add({"1"});
  CHECK(!table.empty());
}

TEST_CASE("what others wrote cannot move the cursor") {
  CHECK(printable("a\x1B[2Jb\r\n\x7F") == "a?[2Jb???");
  CHECK(printable("\xC2\x9B"
                  "31m") == "?31m");
  CHECK(printable("Zoë") == "Zoë");
}

}  // namespace assent
