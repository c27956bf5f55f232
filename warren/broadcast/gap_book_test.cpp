#include "warren/broadcast/gap_book.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>

namespace warren {
namespace {

// Two points of the SM2 curve: the key of GB/T 32918.5 A.2, and the same point mirrored.
NodeId some_node(std::uint8_t form) {
  Bytes key = value_or_throw(from_hex("0209f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"));
  key[0] = form;
  return value_or_throw(NodeId::from_key_bytes(key));
}

// Odd numbers are runs of one node, even ones of another.
BroadcastOrigin origin(std::uint32_t number = 1) {
  static const NodeId odd = some_node(2), even = some_node(3);  // to read a key takes long
  BroadcastOrigin result{number % 2 == 0 ? even : odd};
  for (std::size_t i = 0; i < 4; ++i) result.epoch[3 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return result;
}

constexpr Instant kStart{std::chrono::hours(1)};

// "2-4 7": the ranges of one origin.
std::string numbers_of(const std::vector<BroadcastRange>& ranges, const BroadcastOrigin& of = origin()) {
  std::string all;
  for (const BroadcastRange& range : ranges) {
    if (range.origin != of) continue;
    if (!all.empty()) all += ' ';
    all += std::to_string(range.first);
    if (range.last != range.first) all += '-' + std::to_string(range.last);
  }
  return all;
}

struct Book : GapBook {
  explicit Book(const BroadcastLimits& limits = {}) : GapBook(limits) {}

  bool note(std::uint64_t seq, Instant now = kStart) { return GapBook::note(origin(), seq, now); }
  void follow(std::uint64_t first, std::uint64_t last, Instant now = kStart) {
    GapBook::follow({origin(), first, last}, now);
  }
  void give_up(std::uint64_t first, std::uint64_t last) { GapBook::give_up({origin(), first, last}); }
  std::string missing_after(Duration time) { return numbers_of(missing(kStart + time)); }
  std::string held_text() { return numbers_of(held()); }
};

TEST_CASE("each number is taken once") {
  Book book;
  CHECK(book.note(5));
  CHECK(book.note(6));
  CHECK(!book.note(5));
  CHECK(!book.note(6));
  CHECK(book.has(origin(), 5));
  CHECK(!book.has(origin(), 4));
  CHECK(!book.has(origin(), 7));
  CHECK(!book.has(origin(2), 5));
  CHECK(book.GapBook::note(origin(2), 5, kStart));
  CHECK(book.held_text() == "5-6");
  CHECK(book.missing(kStart + 1h).empty());
}

TEST_CASE("numbers that are none are refused") {
  Book book;
  CHECK(!book.note(0));
  CHECK(!book.note(kBroadcastSeqMax + 1));
  CHECK(!book.note(UINT64_MAX));
  CHECK(book.held().empty());
  CHECK(book.note(kBroadcastSeqMax));
  CHECK(!book.note(kBroadcastSeqMax));
  CHECK(book.note(kBroadcastSeqMax - 1));
  CHECK(book.held_text() == "9223372036854775806-9223372036854775807");
}

TEST_CASE("the first that is heard begins the count, and one below it begins it there") {
  Book book;
  book.note(10);
  CHECK(book.missing_after(1h) == "");
  book.note(7);
  CHECK(book.missing_after(1h) == "8-9");
  CHECK(book.note(9));
  CHECK(book.missing_after(1h) == "8");
  CHECK(book.note(8));
  CHECK(book.missing_after(1h) == "");
  CHECK(book.held_text() == "7-10");
}

TEST_CASE("what is missing is told after the grace, and is overdue after the patience") {
  Book book;
  book.note(1);
  book.note(5, kStart);
  CHECK(book.missing(kStart).empty());
  CHECK(book.next_change(kStart) == kStart + 1s);
  CHECK(book.missing_after(999ms) == "");
  CHECK(book.missing_after(1s) == "2-4");
  CHECK(book.next_change(kStart + 1s) == kStart + 120s);
  book.note(8, kStart + 10s);
  CHECK(book.next_change(kStart + 10s) == kStart + 11s);
  CHECK(book.missing_after(10s) == "2-4");
  CHECK(book.missing_after(11s) == "2-4 6-7");
  // A part that comes leaves the rest as old as it is.
  book.note(3, kStart + 20s);
  CHECK(book.overdue(kStart + 119s).empty());
  CHECK(numbers_of(book.overdue(kStart + 120s)) == "2 4");
  CHECK(numbers_of(book.overdue(kStart + 130s)) == "2 4 6-7");
  CHECK(!book.next_change(kStart + 130s));
}

TEST_CASE("holes that were noticed one after the other are told as one") {
  Book book;
  book.note(1);
  book.note(3, kStart);
  book.follow(4, 5, kStart + 1s);
  book.follow(6, 8, kStart + 2s);
  CHECK(book.missing_after(1h) == "2 4-8");
}

TEST_CASE("what others know of is missing") {
  Book book;
  book.follow(1, 3);
  CHECK(book.missing_after(1s) == "1-3");
  CHECK(book.held().empty());
  CHECK(book.note(2));
  CHECK(book.missing_after(1s) == "1 3");
  book.follow(1, 3);  // nothing new
  CHECK(book.missing_after(1s) == "1 3");
  book.follow(6, 7);  // those between exist too: an origin leaves out none
  CHECK(book.missing_after(1s) == "1 3-7");
  CHECK(book.missing_count() == 6);

  Book joined;
  joined.note(10);
  joined.follow(8, 12);
  CHECK(joined.missing_after(1s) == "8-9 11-12");
  joined.follow(5, 2);  // reversed
  CHECK(joined.missing_after(1s) == "8-9 11-12");
}

TEST_CASE("what was given up is no longer missing, and new when it comes") {
  Book book;
  book.note(1);
  book.note(6);
  book.give_up(2, 4);
  CHECK(book.missing_after(1h) == "5");
  CHECK(book.held_text() == "1-4 6");
  CHECK(!book.has(origin(), 3));
  book.follow(1, 6);
  CHECK(book.missing_after(1h) == "5");
  CHECK(book.note(3));
  CHECK(!book.note(3));
  book.give_up(0, UINT64_MAX);
  CHECK(book.missing_after(1h) == "");
  CHECK(book.held_text() == "1-6");
  book.GapBook::give_up({origin(9), 1, 5});  // of nobody
  CHECK(book.take_lost().empty());
}

TEST_CASE("an earlier run's numbers are had, with the holes between them") {
  Book book;
  book.restore({origin(), 3, 5}, kStart);
  book.restore({origin(), 8, 9}, kStart);
  book.restore({origin(), 1, 1}, kStart);
  CHECK(book.held_text() == "1 3-5 8-9");
  CHECK(book.missing_after(1s) == "2 6-7");
  CHECK(!book.note(4));
  CHECK(book.note(6));
  book.restore({origin(2), 1, UINT64_MAX}, kStart);
  CHECK(!book.GapBook::note(origin(2), kBroadcastSeqMax, kStart));
}

TEST_CASE("an origin that leaps costs a few ranges") {
  Book book;
  book.note(1);
  book.note(std::uint64_t{1} << 62);
  book.note(kBroadcastSeqMax);
  CHECK(book.range_count() < 10);
  CHECK(book.missing_count() == 16'384);
  const auto lost = book.take_lost();
  CHECK(lost.size() == 2);
  CHECK(lost[0].first == 2);
  CHECK(lost[0].last == (std::uint64_t{1} << 62) - 16'384 - 1);
  CHECK(book.take_lost().empty());
  // What was lost for want of room is taken when it comes.
  CHECK(book.note(1000));
  CHECK(!book.note(1000));
}

TEST_CASE("an origin that leaves out every second number costs no more than the bounds") {
  Book book;
  for (std::uint64_t seq = 1; seq < 200'000; seq += 2) book.note(seq);
  CHECK(book.missing_count() == 16'384);
  CHECK(book.range_count() < 2 * 16'384 + 64);
  CHECK(book.take_lost().size() == 1024);  // reports have a bound of their own
}

TEST_CASE("a peer that knows of too much is followed a part of the way") {
  Book book;
  book.note(10);
  book.follow(1, UINT64_MAX);
  CHECK(book.missing_count() == 16'384);
  CHECK(book.range_count() <= 3);
  CHECK(book.take_lost().empty());
  CHECK(book.missing_after(1s) == "11-16394");
  book.note(16'394);
  // What the origin itself shows afterwards is followed as far as there is room.
  book.note(16'400);
  CHECK(numbers_of(book.take_lost()) == "16395-16398");
  CHECK(book.missing_after(1s) == "11-16393 16399");
}

TEST_CASE("claims take half of the room") {
  BroadcastLimits limits;
  limits.gaps_max = 100;
  Book book(limits);
  book.GapBook::follow({origin(3), 1, 1000}, kStart);
  book.GapBook::follow({origin(5), 1, 1000}, kStart);
  CHECK(book.missing_count() == 50);
  CHECK(book.origins() == 1);
  book.note(1);
  book.note(52);
  CHECK(book.missing_count() == 100);
  CHECK(book.take_lost().empty());
  book.note(54);
  CHECK(numbers_of(book.take_lost()) == "53");
}

TEST_CASE("the origins that were not heard of longest go first, those only spoken of before them") {
  BroadcastLimits limits;
  limits.origins_max = 3;
  Book book(limits);
  const auto note = [&](std::uint32_t number) { return book.GapBook::note(origin(number), 1, kStart); };
  CHECK(note(1));
  CHECK(note(2));
  book.GapBook::follow({origin(3), 1, 1}, kStart);
  book.GapBook::follow({origin(4), 1, 1}, kStart);  // in the place of the other claim
  CHECK(book.origins() == 3);
  CHECK(numbers_of(book.missing(kStart + 1s), origin(3)).empty());
  CHECK(numbers_of(book.missing(kStart + 1s), origin(4)) == "1");
  CHECK(note(5));
  CHECK(numbers_of(book.missing(kStart + 1s), origin(4)).empty());
  book.GapBook::follow({origin(6), 1, 1}, kStart);  // no claim is left to make room
  CHECK(book.missing(kStart + 1s).empty());

  CHECK(!note(1));
  CHECK(note(7));  // in the place of 2
  CHECK(!note(1));
  CHECK(note(2));
  // The latest first.
  std::vector<BroadcastOrigin> order;
  for (const BroadcastRange& range : book.held()) order.push_back(range.origin);
  CHECK(order == std::vector{origin(2), origin(1), origin(7)});
}

TEST_CASE("what was missing of an origin that had to go is lost") {
  BroadcastLimits limits;
  limits.origins_max = 1;
  Book book(limits);
  book.note(1);
  book.note(4);
  book.GapBook::note(origin(2), 1, kStart);
  CHECK(numbers_of(book.take_lost()) == "2-3");
  CHECK(book.missing_count() == 0);
  CHECK(book.range_count() == 1);
}

TEST_CASE("a node that begins a new run with each message pushes out its own") {
  Book book;
  CHECK(book.GapBook::note(origin(2), 1, kStart));
  for (std::uint32_t number = 1; number < 2001; number += 2) book.GapBook::note(origin(number), 1, kStart);
  CHECK(book.origins() == 65);
  CHECK(!book.GapBook::note(origin(2), 1, kStart));
  CHECK(!book.GapBook::note(origin(1999), 1, kStart));
}

// Against a book that holds every number by itself.
TEST_CASE("it says what a plain set would say") {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    Book book;
    std::set<std::uint64_t> had, lost;
    std::uint64_t base = 0, top = 0;
    const auto reach = [&](std::uint64_t first, std::uint64_t last) {
      base = base == 0 ? first : std::min(base, first);
      top = std::max(top, last);
    };
    for (int step = 0; step < 100; ++step) {
      const std::uint64_t first = 1 + random() % 60, last = first + random() % 6;
      switch (random() % 8) {
        case 0:
          book.follow(first, last);
          reach(first, last);
          break;
        case 1:
          book.give_up(first, last);
          for (std::uint64_t seq = first; seq <= last; ++seq) {
            if (seq >= base && seq <= top && base != 0 && !had.contains(seq)) lost.insert(seq);
          }
          break;
        default:
          CHECK(book.note(first) == had.insert(first).second);
          lost.erase(first);
          reach(first, first);
      }
      std::set<std::uint64_t> missing, held;
      for (const auto& range : book.missing(kStart + 1s)) {
        for (auto seq = range.first; seq <= range.last; ++seq) CHECK(missing.insert(seq).second);
      }
      for (const auto& range : book.held()) {
        for (auto seq = range.first; seq <= range.last; ++seq) CHECK(held.insert(seq).second);
      }
      for (std::uint64_t seq = 1; seq < 70; ++seq) {
        CHECK(book.has(origin(), seq) == had.contains(seq));
        CHECK(held.contains(seq) == (had.contains(seq) || lost.contains(seq)));
        const bool within = base != 0 && seq >= base && seq <= top;
        CHECK(missing.contains(seq) == (within && !held.contains(seq)));
      }
      CHECK(book.missing_count() == missing.size());
    }
  }
}

}  // namespace
}  // namespace warren
