#include "warren/node/nat_surveyor.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"

namespace warren {

NatSurveyor::NatSurveyor(Host& host, identify::Identify& identify, stun::Client& client,
                         std::vector<ServerName> configured)
    : host_(host),
      identify_(identify),
      client_(client),
      configured_(std::move(configured)),
      tasks_(host.env().executor, "nat surveyor") {}

void NatSurveyor::start() {
  const auto want = [this] {
    due_ = true;
    wake_.notify_all();
  };
  subscriptions_.push_back(identify_.identified().subscribe([this, want](const ConnectionPtr& connection) {
    if (!is_complete() && offers_stun(connection->remote_peer())) want();
  }));
  subscriptions_.push_back(host_.events().network_changed.subscribe(want));
  due_ = !configured_.empty();
  tasks_.spawn(run());
}

Task<void> NatSurveyor::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

bool NatSurveyor::offers_stun(const PeerId& peer) const {
  const auto description = host_.peerstore().description(peer);
  return description &&
         std::ranges::find(description->protocols, stun::kProtocol) != description->protocols.end();
}

bool NatSurveyor::is_complete() const {
  return !reports_.empty() && std::ranges::all_of(reports_, [](const stun::NatReport& report) {
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
  auto reports = co_await client_.survey(std::move(endpoints));
  if (reports.empty()) co_return;  // nobody to ask: what is known stays
  reports_ = std::move(reports);
  changed_.emit();
}

Task<void> NatSurveyor::end_asking() {
  asking_ = false;
  answered_.notify_all();
  co_return;
}

}  // namespace warren
