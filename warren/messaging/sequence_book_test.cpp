#include "warren/messaging/sequence_book.hpp"

#include <doctest/doctest.h>

namespace warren {
namespace {

std::function<Epoch()> counting_epochs() {
  return [next = std::uint8_t{0}]() mutable { return Epoch{++next}; };
}

TEST_CASE("each recipient has numbers of its own, from 1") {
  SequenceBook book(counting_epochs());
  CHECK(book.take(NodeKey{1})->seq == 1);
  CHECK(book.take(NodeKey{1})->seq == 2);
  CHECK(book.take(NodeKey{2})->seq == 1);
  CHECK(book.take(NodeKey{2})->epoch == Epoch{1});
}

TEST_CASE("nobody is 1,024 ahead of a message that is on its way") {
  SequenceBook book(counting_epochs());
  const auto slow = book.take(NodeKey{1});
  for (int i = 0; i < 1023; ++i) {
    const auto ticket = book.take(NodeKey{1});
    REQUIRE(ticket);
    book.done(*ticket);
  }
  CHECK_FALSE(book.take(NodeKey{1}));
  CHECK(book.take(NodeKey{2}));
  book.done(*slow);
  CHECK(book.take(NodeKey{1})->seq == 1025);
}

TEST_CASE("too many recipients begin a new epoch") {
  SequenceBook book(counting_epochs(), 2);
  const auto old = book.take(NodeKey{1});
  CHECK(book.take(NodeKey{2}));
  const auto fresh = book.take(NodeKey{3});
  CHECK(fresh->epoch == Epoch{2});
  CHECK(fresh->seq == 1);
  const auto again = book.take(NodeKey{1});
  CHECK(again->seq == 1);
  CHECK(again->epoch == Epoch{2});
  book.done(*old);  // of the old epoch: no effect on the new number 1
  for (int i = 0; i < 1023; ++i) REQUIRE(book.take(NodeKey{1}));
  CHECK_FALSE(book.take(NodeKey{1}));
}

}  // namespace
}  // namespace warren
