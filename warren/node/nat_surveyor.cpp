#include "warren/node/nat_surveyor.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/race.hpp"
#include "warren/async/store_value.hpp"
#include "warren/base/log.hpp"
#include "warren/core/spoken_protocol.hpp"

namespace warren {

NatSurveyor::NatSurveyor(Host& host, identify::Identify& identify, stun::Client& client,
                         std::vector<ServerName> configured)
    : host_(host),
      identify_(identify),
      client_(client),
      configured_(std::move(configured)),
      tasks_(host.env().executor, "nat surveyor") {}

void NatSurveyor::start() {
  subscriptions_.push_back(identify_.identified().subscribe([this](const ConnectionPtr& connection) {
    if (!is_complete() && offers_stun(connection->remote_peer())) ask_again();
  }));
  interfaces_ = host_.env().network.interface_addresses();
  subscriptions_.push_back(host_.events().network_changed.subscribe([this] { on_network_changed(); }));
  due_ = !configured_.empty();
  tasks_.spawn(run());
}

// Where others saw us on the old network would mislead them.
void NatSurveyor::on_network_changed() {
  stale_ = true;
  ++networks_;
  network_changed_.notify_all();
  auto interfaces = host_.env().network.interface_addresses();
  const bool moved = std::exchange(interfaces_, interfaces) != interfaces;
  if (moved && !std::exchange(reports_, {}).empty()) changed_.emit();
  ask_again();
}

Task<void> NatSurveyor::wait_for_change() {
  const std::uint64_t before = networks_;
  while (networks_ == before) co_await network_changed_.wait();
}

void NatSurveyor::ask_again() {
  due_ = true;
  wake_.notify_all();
}

Task<void> NatSurveyor::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

bool NatSurveyor::offers_stun(const PeerId& peer) const {
  return speaks(host_.peerstore(), peer, stun::kProtocol).value_or(false);
}

bool NatSurveyor::is_complete() const {
  return is_fresh() && std::ranges::all_of(reports_, [](const stun::NatReport& report) {
           return report.udp && report.mapping != stun::Behavior::kUnknown &&
                  report.filtering != stun::Behavior::kUnknown;
         });
}

Task<void> NatSurveyor::run() {
  Clock& clock = host_.env().clock;
  while (true) {
    const Instant next = clock.now() + kSurveyInterval;
    while (!due_ && clock.now() < next) co_await race(clock.sleep_until(next), wake_.wait());
    co_await clock.sleep_for(kSurveyGathers);
    due_ = false;
    const auto asked = co_await as_result(survey());
    if (!asked) log::debug("stun", "no survey: " + asked.error().message());
  }
}

Task<void> NatSurveyor::survey() {
  if (asking_) {
    while (asking_) co_await answered_.wait();
    co_return;
  }
  co_await finally(ask(), end_asking());
}

Task<void> NatSurveyor::ask() {
  asking_ = true;
  auto endpoints = co_await resolve_servers(&host_.env(), configured_);
  std::optional<std::vector<stun::NatReport>> reports;
  auto asking = client_.survey(std::move(endpoints), [this](const stun::NatReport& r) { note_mapping(r); });
  co_await race(store_value(std::move(asking), reports), wait_for_change());
  partial_ = false;
  if (!reports || reports->empty()) co_return;  // nobody to ask, or on another network: what is known stays
  stale_ = false;
  reports_ = std::move(*reports);
  changed_.emit();
}

// What is known of the same mapping says more.
void NatSurveyor::note_mapping(const stun::NatReport& report) {
  const bool v4 = report.local.address.is_v4();
  const auto is_like_it = [v4](const stun::NatReport& known) { return known.local.address.is_v4() == v4; };
  const auto known = std::ranges::find_if(reports_, is_like_it);
  if (known != reports_.end() && known->mapped == report.mapped) return;
  if (known != reports_.end()) {
    *known = report;
  } else {
    reports_.insert(v4 ? reports_.begin() : reports_.end(), report);
  }
  partial_ = true;
  changed_.emit();
}

Task<void> NatSurveyor::end_asking() {
  asking_ = false;
  answered_.notify_all();
  co_return;
}

}  // namespace warren
