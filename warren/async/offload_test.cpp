#include "warren/async/offload.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "warren/async/as_result.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

TEST_CASE("InlineOffload runs the work and brings back its value, or what it threw") {
  sim::Loop loop;
  InlineOffload offload;
  int calls = 0;
  const auto owned = loop.run(offload.run([&calls] {
    ++calls;
    return std::make_unique<int>(9);
  }));
  CHECK(*owned == 9);
  loop.run(offload.run([&calls] { ++calls; }));
  CHECK(calls == 2);
  CHECK(loop.run(as_result(offload.run([] { throw_error(Errc::kIo); }))).error() == Errc::kIo);
}

TEST_CASE("the work may own what cannot be copied") {
  sim::Loop loop;
  InlineOffload offload;
  auto input = std::make_unique<int>(20);
  CHECK(loop.run(offload.run([input = std::move(input)] { return *input + 1; })) == 21);
}

}  // namespace
}  // namespace warren
