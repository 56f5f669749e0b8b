#include "base/recent_set.h"

#include "catch.h"

namespace assent {
namespace {

TEST_CASE("the oldest key is forgotten when there are too many, and only then") {
  RecentSet<int> set(3);
  for (const int key : {1, 2, 3, 1, 2}) set.insert(key);
  CHECK(set.contains(1));
  set.insert(4);
  CHECK_FALSE(set.contains(1));
  CHECK(set.contains(2));
  CHECK(set.contains(4));
}

}  // namespace
}  // namespace assent
