// Every call of BlockingNode from eight threads at once: each message arrives once, each request gets its own
// answer, and stop() ends what runs. Data races are for ThreadSanitizer to find (the preset tsan).
#include <doctest/doctest.h>

#include <future>
#include <latch>
#include <set>

#include "test/threads/message_log.hpp"

using namespace warren;
using threads_test::MessageLog;

namespace {

constexpr int kThreads = 8;

// Of calls that each thread makes.
int rounds() {
  const char* given = std::getenv("WARREN_THREADS_ROUNDS");
  return given == nullptr ? 4 : std::max(1, std::atoi(given));
}

PeerInfo info_of(BlockingNode& node) {
  return PeerInfo{node.peer_id(), node.addresses()};
}

std::error_code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

// Runs `work(0)` to `work(kThreads - 1)`, each on a thread of its own, and throws what one of them threw.
void on_all_threads(const std::function<void(int)>& work) {
  std::vector<std::future<void>> threads;
  for (int i = 0; i < kThreads; ++i) threads.push_back(std::async(std::launch::async, work, i));
  for (auto& thread : threads) thread.get();
}

Bytes reversed(BytesView bytes) {
  return Bytes(bytes.rbegin(), bytes.rend());
}

// Differs from thread to thread and from round to round, in size too.
Bytes question_of(int thread, int round) {
  Bytes question(1 + (7919 * (round + 1) * (thread + 1)) % 40'000);
  for (std::size_t i = 0; i < question.size(); ++i) {
    question[i] = static_cast<std::uint8_t>(i * (2 * thread + 1) + round);
  }
  return question;
}

// "3/17" is the message of thread 3 in round 17.
std::string text_of(int thread, int round) {
  return std::to_string(thread) + "/" + std::to_string(round);
}

// A node and what came to it.
struct Listener {
  Listener() {
    node.on_message([this](const InboxMessage& message) { log.add(message); });
    node.serve("reverse", [](const ServiceCall& call) { return reversed(call.payload); });
  }

  MessageLog log;  // outlives the node
  BlockingNode node{Config::ephemeral()};
};

// One thread's work: it asks `from` about `to`.
class Caller {
 public:
  Caller(int thread, BlockingNode& from, BlockingNode& to)
      : thread_(thread), from_(from), to_(to), to_info_(info_of(to)) {
    to_.on_message([this](const InboxMessage& message) {
      if (to_text(message.payload).starts_with(std::to_string(thread_) + "/")) seen_.add(message);
    });
  }

  void play(int round) {
    CHECK(from_.connect(to_info_).node_id == to_.node_id());
    const PeerInfo found = from_.find_peer(to_.node_id());
    CHECK(found.id == to_.peer_id());
    CHECK_FALSE(found.addresses.empty());
    from_.send_message(to_.node_id(), to_bytes(text_of(thread_, round)));
    ask(round);
    change_service(round);
    look_around();
    change_access(round);
    sign(round);
  }

  // The subscription of its own has told each of its messages once.
  void check_seen(int rounds) {
    CHECK(seen_.wait_for(rounds));
    for (int round = 0; round < rounds; ++round) CHECK(seen_.times()[text_of(thread_, round)] == 1);
  }

 private:
  void ask(int round) {
    const Bytes question = question_of(thread_, round);
    CHECK(from_.request(to_.node_id(), "reverse", question) == reversed(question));
    CHECK(from_.request(to_.peer_id(), "reverse", question, std::chrono::minutes(1)) == reversed(question));
    CHECK(from_.ping(to_.node_id()).round_trip_time > Duration::zero());
  }

  // A service that only this thread knows comes, is replaced and goes, while others ask theirs.
  void change_service(int round) {
    const std::string name = "of-" + std::to_string(thread_);
    const auto answer = [round](const ServiceCall&) { return to_bytes(std::to_string(round)); };
    to_.serve(name, [](const ServiceCall&) { return to_bytes("too early"); });
    to_.serve(name, answer);
    CHECK(to_text(from_.request(to_.node_id(), name, {})) == std::to_string(round));
    to_.stop_serving(name);
    CHECK(code_of([&] { from_.request(to_.node_id(), name, {}); }) == Errc::kNoSuchService);
  }

  void look_around() {
    const auto is_other = [&](const PeerStatus& peer) { return peer.peer_id == to_.peer_id(); };
    CHECK(std::ranges::any_of(from_.peers(), is_other));
    CHECK(to_.addresses() == to_info_.addresses);
    CHECK_FALSE(from_.limits().empty());
    const NodeMetrics metrics = from_.metrics();
    CHECK(metrics.connections_inbound + metrics.connections_outbound > 0);
    std::set<std::string> texts;
    const auto messages = to_.inbox(0, 10'000);
    for (const InboxMessage& message : messages) texts.insert(to_text(message.payload));
    CHECK(texts.size() == messages.size());
  }

  // An entry of this thread's own comes and goes; it is about nobody here.
  void change_access(int round) {
    const auto subnet =
        value_or_throw(Subnet::parse("192.0.2." + std::to_string(8 * (round % 32) + thread_)));
    const auto listed = [&] {
      return std::ranges::count(to_.access_entries(), AccessSubject(subnet), &AccessList::Entry::subject);
    };
    to_.set_access(subnet, Access::kDenied);
    CHECK(listed() == 1);
    to_.set_access(subnet, Access::kNormal);
    CHECK(listed() == 0);
  }

  void sign(int round) const {
    const Bytes message = question_of(thread_, round);
    const Sm2Signature signature = from_.sm2_sign("test/threads/1", message);
    CHECK(Node::sm2_verify(from_.node_id(), "test/threads/1", message, signature));
    CHECK_FALSE(Node::sm2_verify(to_.node_id(), "test/threads/1", message, signature));
  }

  const int thread_;
  BlockingNode& from_;
  BlockingNode& to_;
  const PeerInfo to_info_;
  MessageLog seen_;
};

// Every text of the threads that wrote to the node, and how often it should have come.
std::map<std::string, int> once_each(int first_thread, int rounds) {
  std::map<std::string, int> times;
  for (int thread = first_thread; thread < kThreads; thread += 2) {
    for (int round = 0; round < rounds; ++round) times[text_of(thread, round)] = 1;
  }
  return times;
}

std::map<std::string, int> times_in(const std::vector<InboxMessage>& messages) {
  std::map<std::string, int> times;
  for (const InboxMessage& message : messages) ++times[to_text(message.payload)];
  return times;
}

}  // namespace

TEST_CASE("eight threads call two nodes: each message comes once, each request gets its own answer") {
  const int count = rounds();
  // Outlives the nodes, which call its logs.
  std::vector<std::unique_ptr<Caller>> callers(kThreads);
  Listener alice;
  Listener bob;
  const PeerInfo to_bob = info_of(bob.node);
  std::latch connected(kThreads / 2);
  on_all_threads([&](int i) {
    // Even threads call from alice, odd ones from bob, once the even ones are connected: TCP dials that cross
    // between two listening ports are one connection that both have opened (RFC 9293, section 3.5), on which
    // no handshake succeeds.
    callers[i] = i % 2 == 0 ? std::make_unique<Caller>(i, alice.node, bob.node)
                            : std::make_unique<Caller>(i, bob.node, alice.node);
    if (i % 2 == 0) {
      CHECK_FALSE(code_of([&] { alice.node.connect(to_bob); }));
      connected.count_down();
    } else {
      connected.wait();
    }
    for (int round = 0; round < count; ++round) callers[i]->play(round);
  });

  const std::size_t messages = static_cast<std::size_t>(count) * kThreads / 2;
  CHECK(alice.log.wait_for(messages));
  CHECK(bob.log.wait_for(messages));
  for (const auto& caller : callers) caller->check_seen(count);
  CHECK(times_in(alice.node.inbox(0, 10'000)) == once_each(1, count));
  CHECK(times_in(bob.node.inbox(0, 10'000)) == once_each(0, count));

  alice.node.stop();
  bob.node.stop();
  CHECK(alice.log.times() == once_each(1, count));  // none came late
  CHECK(bob.log.times() == once_each(0, count));
}

TEST_CASE("stop() while eight threads call: every call ends, with a result or as canceled") {
  Listener bob;
  const PeerInfo to_bob = info_of(bob.node);
  for (int round = 0; round < rounds(); ++round) {
    Listener alice;
    const PeerInfo to_alice = info_of(alice.node);
    alice.node.connect(to_bob);
    std::latch busy(kThreads);  // every thread has had one call answered
    std::atomic<int> messages = 0;

    const std::vector<std::function<void()>> calls = {
        [&] { alice.node.connect(to_bob); },
        [&] { alice.node.find_peer(bob.node.node_id()); },
        [&] { alice.node.send_message(bob.node.node_id(), to_bytes("s" + std::to_string(++messages))); },
        [&] { alice.node.request(to_bob, "reverse", Bytes(1000)); },
        [&] { alice.node.ping(to_bob); },
        [&] { alice.node.peers(), alice.node.addresses(), alice.node.inbox(0, 10); },
        [&] {
          alice.node.serve("some", [](const ServiceCall&) { return Bytes(); });
          alice.node.stop_serving("some");
        },
        [&] { bob.node.request(to_alice, "reverse", Bytes(1000)); },  // from the other side
    };
    std::vector<std::error_code> ends(kThreads);
    auto stopped = std::async(std::launch::async, [&] {
      busy.wait();
      on_all_threads([&](int) { alice.node.stop(); });  // whoever comes second waits for the first
    });
    on_all_threads([&](int i) {
      CHECK_FALSE(code_of(calls[i]));
      busy.count_down();
      while (!ends[i]) ends[i] = code_of(calls[i]);
    });
    stopped.get();
    for (int i = 0; i + 1 < kThreads; ++i) CHECK(ends[i] == Errc::kCanceled);
    CHECK(ends.back());
    CHECK(bob.node.addresses() == to_bob.addresses);  // the other one lives on
  }
}

TEST_CASE("stop() does not wait for answers of others, but for handlers of its own") {
  Listener alice;
  Listener bob;
  std::latch asked(kThreads / 2);
  std::latch answer(1);
  std::atomic<int> answered = 0;
  bob.node.serve("patience", [&](const ServiceCall& call) {
    asked.count_down();
    answer.wait();
    ++answered;
    return call.payload;
  });
  const PeerInfo to_bob = info_of(bob.node);
  std::vector<std::future<std::error_code>> waiting;
  for (int i = 0; i < kThreads / 2; ++i) {
    waiting.push_back(std::async(
        std::launch::async, [&] { return code_of([&] { alice.node.request(to_bob, "patience", {}); }); }));
  }
  asked.wait();
  alice.node.stop();
  for (auto& call : waiting) CHECK(call.get() == Errc::kCanceled);
  CHECK(answered == 0);

  auto stopped = std::async(std::launch::async, [&] { bob.node.stop(); });
  answer.count_down();
  stopped.get();
  CHECK(answered == kThreads / 2);
}

TEST_CASE("peers come and go while others look at them") {
  std::atomic<int> arrivals = 0;
  Listener bob;
  bob.node.on_event([&](const NodeEvent& event) { arrivals += event.kind == NodeEvent::Kind::kConnected; });
  const PeerInfo to_bob = info_of(bob.node);
  std::atomic<int> visitors = kThreads / 2;
  on_all_threads([&](int i) {
    if (i % 2 == 0) {
      for (int round = 0; round < rounds(); ++round) {
        Listener visitor;
        visitor.node.send_message(to_bob, to_bytes(text_of(i, round)));
        CHECK(to_text(bob.node.request(visitor.node.node_id(), "reverse", to_bytes("ab"))) == "ba");
      }
      --visitors;
    } else {
      while (visitors > 0) {
        for (const PeerStatus& peer : bob.node.peers()) CHECK(peer.direction == Direction::kInbound);
        bob.node.inbox(0, 10);
      }
    }
  });
  CHECK(arrivals >= rounds() * kThreads / 2);
  CHECK(bob.log.wait_for(static_cast<std::size_t>(rounds()) * kThreads / 2));
  CHECK(bob.log.times() == once_each(0, rounds()));
}

TEST_CASE("nodes are made and ended on eight threads at once") {
  on_all_threads([](int i) {
    Listener alice;
    Listener bob;
    const Bytes question = question_of(i, 0);
    CHECK(alice.node.request(info_of(bob.node), "reverse", question) == reversed(question));
    alice.node.send_message(bob.node.node_id(), to_bytes(text_of(i, 0)));
    CHECK(bob.log.wait_for(1));
  });
}
