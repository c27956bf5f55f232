#include "warren/swarm/inbound.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/swarm/metered_stream.hpp"
#include "warren/swarm/punch_plan.hpp"

namespace warren {

Inbound::Inbound(Env& env, SwarmState& state, Gate& gate, Upgrader& upgrader, const PunchTable& punches,
                 std::function<void(UpgradedConnection)> adopt)
    : env_(env),
      state_(state),
      gate_(gate),
      upgrader_(upgrader),
      punches_(punches),
      adopt_(std::move(adopt)),
      half_open_(state.table[&SwarmLimits::half_open_max]),
      accepting_(env.executor, "swarm.accept"),
      upgrading_(env.executor, "swarm.upgrade") {}

std::optional<Access> Inbound::greet(const Multiaddr& from) {
  const auto access = gate_.greet(from);
  if (access) return *access;
  state_.tell(access.error(), {}, from);
  return std::nullopt;
}

void Inbound::note_failure(const Multiaddr& from, std::error_code why) {
  ++state_.counters.handshakes_failed;
  state_.tell({why, {}}, {}, from);
}

Task<void> Inbound::adopt_all(std::shared_ptr<MuxedListener> listener) {
  while (true) {
    auto connection = co_await listener->accept();
    adopt_(std::move(connection));
  }
}

Task<void> Inbound::accept(std::shared_ptr<TransportListener> listener) {
  const Refusal half_open_max{Errc::kLimitReached, state_.table[&SwarmLimits::half_open_max].knob()};
  while (true) {
    RawConnection raw = co_await listener->accept();
    const auto access = greet(raw.remote);
    if (!access) continue;  // dropped, so closed
    auto begun = half_open_.begin(raw.remote, *access);
    if (begun.dropped) state_.tell(half_open_max, begun.dropped->peer, begun.dropped->from);
    if (begun.place) {
      const auto endpoint = plain_tcp_endpoint(raw.remote);
      PunchedEndpointPtr expected = endpoint ? punches_.find(*endpoint) : nullptr;
      upgrading_.spawn(shake_hands(std::move(raw), std::move(*begun.place), std::move(expected)));
    } else {
      state_.tell(half_open_max, {}, raw.remote);
    }
  }
}

Task<void> Inbound::shake_hands(RawConnection raw, HalfOpen::Place place, PunchedEndpointPtr punched) {
  const Instant began = env_.clock.now();
  std::optional<PunchPipe> pipe;
  std::optional<ExpectedPeer> expected;
  if (punched && !punched->expected.empty()) {
    pipe.emplace(punched);
    expected = punched->expected.front();
  }
  if (!is_circuit(raw.remote)) raw.stream = metered(std::move(raw.stream), state_.counters);
  auto upgraded = co_await as_result(with_timeout(env_.clock, state_.limits.handshake_timeout,
                                                  upgrade(std::move(raw), *place, std::move(expected))));
  if (place->dropped) co_return;  // told already
  if (upgraded) {
    const bool inbound = upgraded->direction == Direction::kInbound;
    SwarmCounters& counters = state_.counters;
    (inbound ? counters.handshakes_inbound : counters.handshakes_outbound).add(env_.clock.now() - began);
    adopt_(std::move(*upgraded));
  } else {
    ++state_.counters.handshakes_failed;
    state_.tell({upgraded.error(), {}}, place->peer, place->from);
  }
}

Task<UpgradedConnection> Inbound::upgrade(RawConnection raw, Handshake& handshake,
                                          std::optional<ExpectedPeer> expected) {
  std::optional<UpgradedConnection> upgraded;
  const bool is_client = expected && expected->role == PunchRole::kClient;
  auto upgrading =
      is_client ? upgrader_.upgrade_outbound(std::move(raw), expected->peer, upgrader_.securities().front())
                : upgrader_.upgrade_inbound(std::move(raw), &handshake.peer);
  const Winner winner =
      co_await race(store_value(std::move(upgrading), upgraded), handshake.wait_until_dropped());
  if (winner == Winner::kSecond) throw_error(Errc::kLimitReached);
  co_return std::move(*upgraded);
}

Task<void> Inbound::close() {
  co_await accepting_.close();
  co_await upgrading_.close();
}

}  // namespace warren
