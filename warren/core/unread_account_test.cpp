#include "warren/core/unread_account.hpp"

#include <doctest/doctest.h>

using namespace warren;

namespace {

struct Accounts {
  Limit all{"all", "", 1000};
  Limit each{"each", "", 600};
  UnreadBounds limits{.max = 600, .reserve = 100};

  UnreadLimits shared() { return {&all, &each}; }
};

TEST_CASE("a connection is refused above its own limit, and the refusal is counted there") {
  Accounts accounts;
  UnreadAccount one(accounts.limits, accounts.shared());
  CHECK(one.add(600));
  CHECK_FALSE(one.add(1));
  CHECK(one.size() == 600);
  CHECK(accounts.each.use().refused == 1);
  CHECK(accounts.all.use().refused == 0);
  one.remove(600);
  CHECK(one.add(600));
  CHECK(accounts.each.used() == 600);
}

TEST_CASE("who hoards takes nothing from who holds little") {
  Accounts accounts;
  UnreadAccount first(accounts.limits, accounts.shared());
  UnreadAccount second(accounts.limits, accounts.shared());
  UnreadAccount honest(accounts.limits, accounts.shared());
  CHECK(first.add(600));
  CHECK(second.add(400));
  CHECK_FALSE(second.add(1));
  CHECK(accounts.all.use().refused == 1);
  CHECK(honest.add(100));
  CHECK_FALSE(honest.add(1));
  CHECK(accounts.all.used() == 1100);
}

TEST_CASE("an account that ends gives everything back") {
  Accounts accounts;
  {
    UnreadAccount one(accounts.limits, accounts.shared());
    CHECK(one.add(500));
  }
  CHECK(accounts.all.used() == 0);
}

}  // namespace
