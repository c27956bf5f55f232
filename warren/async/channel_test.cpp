#include "warren/async/channel.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

Task<void> send_numbers(Channel<int>& channel, int count, int& sent) {
  for (int i = 0; i < count; ++i) {
    co_await channel.send(i);
    ++sent;
  }
}

Task<void> receive_all(Channel<int>& channel, std::vector<int>& received) {
  for (;;) {
    const std::optional<int> item = co_await channel.receive();
    if (!item) co_return;
    received.push_back(*item);
  }
}

Task<void> receive_some(Channel<int>& channel, int count, std::vector<int>& received) {
  for (int i = 0; i < count; ++i) received.push_back((co_await channel.receive()).value());
}

// The receivers are canceled before they can take it.
Task<void> send_and_close(Channel<int>& channel, TaskGroup& receivers) {
  CHECK(channel.try_send(9));
  co_await receivers.close();
}

struct ChannelTest {
  sim::Loop loop;
  Channel<int> channel{3};
  TaskGroup group{loop.executor(), "test"};
  std::vector<int> received;
  int sent = 0;
};

TEST_CASE_FIXTURE(ChannelTest, "a sender waits while the channel is full, and order is kept") {
  group.spawn(send_numbers(channel, 10, sent));
  loop.run_until_idle();
  CHECK(sent == 3);
  CHECK(channel.size() == 3);
  loop.run(receive_some(channel, 2, received));
  loop.run_until_idle();
  CHECK(sent == 5);
  loop.run(receive_some(channel, 8, received));
  CHECK(received == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  loop.run(group.join());
}

TEST_CASE_FIXTURE(ChannelTest, "a receiver waits while it is empty") {
  group.spawn(receive_some(channel, 1, received));
  loop.run_until_idle();
  CHECK(received.empty());
  CHECK(channel.try_send(7));
  loop.run(group.join());
  CHECK(received == std::vector<int>{7});
}

TEST_CASE_FIXTURE(ChannelTest, "try_send refuses when full, and when closed") {
  for (int i = 0; i < 3; ++i) CHECK(channel.try_send(i));
  CHECK_FALSE(channel.try_send(3));
  loop.run(receive_some(channel, 1, received));
  channel.close();
  CHECK_FALSE(channel.try_send(3));
}

TEST_CASE_FIXTURE(ChannelTest, "close lets the queue be received, then tells the end; senders get kClosed") {
  CHECK(channel.try_send(1));
  CHECK(channel.try_send(2));
  CHECK(channel.try_send(3));
  int later = 0;
  group.spawn(send_numbers(channel, 1, later));
  loop.run_until_idle();
  channel.close();
  CHECK(loop.run(as_result(channel.send(4))).error() == Errc::kClosed);
  loop.run(receive_all(channel, received));
  CHECK(received == std::vector<int>{1, 2, 3});
  CHECK(later == 0);
  CHECK(group.size() == 0);
}

TEST_CASE_FIXTURE(ChannelTest, "close wakes a receiver that waits") {
  group.spawn(receive_all(channel, received));
  loop.run_until_idle();
  channel.close();
  loop.run(group.join());
  CHECK(received.empty());
}

TEST_CASE_FIXTURE(ChannelTest, "a canceled sender has not sent, a canceled receiver has not received") {
  for (int i = 0; i < 3; ++i) CHECK(channel.try_send(i));
  group.spawn(send_numbers(channel, 1, sent));
  loop.run_until_idle();
  loop.run(group.close());
  CHECK(sent == 0);
  CHECK(channel.size() == 3);

  loop.run(receive_some(channel, 3, received));
  TaskGroup receivers(loop.executor(), "test");
  receivers.spawn(receive_some(channel, 1, received));
  loop.run_until_idle();
  loop.run(send_and_close(channel, receivers));
  CHECK(received.size() == 3);
  CHECK(channel.size() == 1);
}

TEST_CASE("items need not be copyable") {
  sim::Loop loop;
  Channel<std::unique_ptr<std::string>> channel(1);
  loop.run(channel.send(std::make_unique<std::string>("hello")));
  const auto item = loop.run(channel.receive());
  CHECK(**item == "hello");
}

}  // namespace
}  // namespace warren
