// An attacker that test/cli/cases_attacks.py sets on a daemon. One line of JSON says what came of it.
//
//   warren_attacker MULTIADDR handshake NAME       handshakes.hpp
//   warren_attacker MULTIADDR flood NAME COUNT     floods.hpp; stays connected until it is killed

#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>

#include "test/attacks/floods.hpp"
#include "test/attacks/handshakes.hpp"
#include "warren/async/as_result.hpp"
#include "warren/core/peer_address.hpp"
#include "warren/env/clock.hpp"
#include "warren/env/real/loop.hpp"

namespace warren::attacks {
namespace {

// Longer than any test looks on.
constexpr Duration kHold = 60s;

void tell(const nlohmann::ordered_json& event) {
  std::cout << event.dump() << std::endl;
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

Task<void> attack_handshake(Env& env, Victim victim, std::string name) {
  const Answer answer = co_await shake_hands(env, std::move(victim), name);
  tell({{"event", name}, {"refused", answer.refused}, {"ms", milliseconds(answer.after)}});
}

Task<void> attack_by_flood(Env& env, Victim victim, std::string name, std::size_t count) {
  const Outcome outcome = co_await flood(env, std::move(victim), name, count);
  tell({{"event", name}, {"sent", outcome.sent}, {"ended", outcome.ended}});
  co_await env.clock.sleep_for(kHold);
  for (const auto& peer : outcome.peers) co_await peer->close();
}

// No error when the words mean something.
Task<void> run(Env& env, std::vector<std::string> words) {
  if (words.size() < 3) throw_error(Errc::kNotFound, "usage: MULTIADDR handshake|flood NAME [COUNT]");
  const PeerInfo named = value_or_throw(peer_at(words[0]), words[0]);
  Victim victim{named.addresses.front(), named.id};
  if (words[1] == "handshake") {
    co_await attack_handshake(env, std::move(victim), words[2]);
    co_return;
  }
  std::size_t count = 1;
  if (words.size() > 3) std::from_chars(words[3].data(), words[3].data() + words[3].size(), count);
  co_await attack_by_flood(env, std::move(victim), words[2], count);
}

}  // namespace
}  // namespace warren::attacks

int main(int argc, char** argv) {
  using namespace warren;
  real::Loop loop;
  const auto done =
      loop.run(as_outcome(attacks::run(loop.env(), std::vector<std::string>(argv + 1, argv + argc))));
  if (done) return 0;
  std::cerr << "warren_attacker: " << done.error().what() << "\n";
  return 1;
}
