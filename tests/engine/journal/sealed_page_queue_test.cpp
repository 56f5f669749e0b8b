#include "engine/journal/sealed_page_queue.h"

#include <thread>
#include <vector>

#include "catch.h"
#include "journal_bench.h"

namespace assent {
namespace {

using test::frame_of;
using test::segment_numbered;

SealedPage sealed(PagePool& pool, const JournalEntry& entry) {
  PageRef page = pool.take();
  store_be32(page->data(), entry.seq.value);
  return SealedPageForTest::make(std::move(page), entry);
}

TEST_CASE("a page comes out of the queue as it went in") {
  PagePool pool(4);
  SealedPageQueue queue(4);
  SealedPage page = sealed(pool, frame_of(segment_numbered(3), 42));
  REQUIRE(queue.push(page));
  CHECK(queue.waiting_pages() == 1);
  const auto popped = queue.pop();
  REQUIRE(popped);
  CHECK(popped->segment() == segment_numbered(3));
  CHECK(popped->seq() == FrameSeq(42));
  CHECK(popped->kind() == PageKind::frame);
  CHECK(load_be32(popped->bytes().data()) == 42);
  CHECK_FALSE(queue.pop());
}

TEST_CASE("a full queue leaves the page with its owner") {
  PagePool pool(8);
  SealedPageQueue queue(2);
  for (std::uint32_t seq = 1; seq <= 2; ++seq) {
    SealedPage page = sealed(pool, frame_of(segment_numbered(1), seq));
    REQUIRE(queue.push(page));
  }
  SealedPage third = sealed(pool, frame_of(segment_numbered(1), 3));
  CHECK_FALSE(queue.push(third));
  CHECK(third.bytes().size() == limits::kPageBytes);
  CHECK(queue.waiting_pages() == 2);
}

TEST_CASE("pages left in a queue go back to their pool") {
  PagePool pool(4);
  {
    SealedPageQueue queue(4);
    SealedPage page = sealed(pool, frame_of(segment_numbered(1), 1));
    REQUIRE(queue.push(page));
    CHECK(pool.in_use_pages() == 1);
  }
  CHECK(pool.in_use_pages() == 0);
}

TEST_CASE("four producers and a queue of three: every page arrives once, each producer's in order") {
  constexpr std::uint32_t kProducers = 4;
  constexpr std::uint32_t kPages = 5000;
  PagePool pool(16);
  SealedPageQueue queue(3);
  std::vector<std::thread> producers;
  for (std::uint32_t producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&pool, &queue, producer] {
      for (std::uint32_t seq = 1; seq <= kPages; ++seq) {
        SealedPage page = sealed(pool, frame_of(segment_numbered(producer), seq));
        while (!queue.push(page)) std::this_thread::yield();
      }
    });
  }
  std::vector<std::uint32_t> last(kProducers, 0);
  bool in_order = true;
  for (std::uint32_t popped = 0; popped < kProducers * kPages;) {
    const auto page = queue.pop();
    if (!page) {
      std::this_thread::yield();
      continue;
    }
    ++popped;
    std::uint32_t& previous = last[load_be32(page->segment().bytes.data() + 12)];
    in_order = in_order && page->seq().value == previous + 1 && load_be32(page->bytes().data()) == page->seq().value;
    previous = page->seq().value;
  }
  for (std::thread& producer : producers) producer.join();
  CHECK(in_order);
  CHECK(last == std::vector<std::uint32_t>(kProducers, kPages));
  CHECK(pool.in_use_pages() == 0);
}

}  // namespace
}  // namespace assent
