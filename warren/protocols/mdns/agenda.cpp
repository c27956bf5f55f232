#include "warren/protocols/mdns/agenda.hpp"

#include <algorithm>

namespace warren::mdns {

namespace {

constexpr int kPauseGrowth = 3;

bool reached(const std::optional<Instant>& at, Instant now) {
  return at && *at <= now;
}

}  // namespace

Instant Agenda::soon(Instant now, const std::optional<Instant>& last) {
  const auto range = static_cast<std::uint64_t>((kJitterMax - kJitterMin) / 1us);
  const Instant at = now + kJitterMin + random_.below(range + 1) * 1us;
  return last ? std::max(at, *last + kPauseMin) : at;
}

void Agenda::begin(Instant now) {
  query_at_ = soon(now, queried_);
  pause_ = kPauseMin;
  again_at_.reset();
}

void Agenda::ask_again(Instant now) {
  if (!again_at_) again_at_ = soon(now, queried_);
}

void Agenda::asked(Instant now) {
  again_at_.reset();
  if (!announce_at_) announce_at_ = soon(now, announced_);
}

void Agenda::asked_for_services(Instant now) {
  if (!services_at_) services_at_ = soon(now, told_services_);
}

Instant Agenda::next() const {
  Instant next = query_at_;
  for (const auto& at : {again_at_, announce_at_, services_at_}) {
    if (at) next = std::min(next, *at);
  }
  return next;
}

Agenda::Due Agenda::take(Instant now) {
  Due due;
  if (query_at_ <= now) {
    due.query = true;
    query_at_ = now + pause_;
    pause_ = std::min(pause_ * kPauseGrowth, kPauseMax);
  }
  if (reached(again_at_, now)) due.query = true;
  if (due.query) {
    queried_ = now;
    // The specification wants us to answer ourselves: those who only listen learn of us by that.
    asked(now);
  }
  if (reached(announce_at_, now)) {
    due.announcement = true;
    announced_ = now;
    announce_at_.reset();
  }
  if (reached(services_at_, now)) {
    due.services = true;
    told_services_ = now;
    services_at_.reset();
  }
  return due;
}

}  // namespace warren::mdns
