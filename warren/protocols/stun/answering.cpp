#include "warren/protocols/stun/answering.hpp"

#include <algorithm>

namespace warren::stun {

namespace {

constexpr int kUnknownAttribute = 420;  // RFC 8489, section 6.3.1

// Whose packets these are: who has one IPv6 address has its whole network of 64 bits.
IpAddress source_of(const IpAddress& address) {
  if (address.is_v4()) return address;
  std::array<std::uint8_t, 16> network{};
  std::ranges::copy(address.bytes().first(8), network.begin());
  return IpAddress::v6(network);
}

double rate_of(const Limit& limit) {
  return static_cast<double>(std::max<std::uint64_t>(limit.max(), 1));
}

// The address that is asked for, with all that RFC 5780 wants beside it.
Message success(const Message& request, const Answering::Asked& asked, const Endpoint& origin) {
  Message message{.kind = Class::kSuccess, .id = request.id, .software = {}};
  message.xor_mapped = asked.from;
  message.origin = origin;
  // Without a second address there is none to offer: who asked the same address again would see no change,
  // and take its NAT for a better one than it is.
  if (asked.other_address && asked.other_port) {
    message.other = Endpoint{*asked.other_address, asked.other_port->port};
  }
  message.fingerprint = true;
  return message;
}

Message bare(const Message& request, const Endpoint& from) {
  Message message{.kind = Class::kSuccess, .id = request.id, .software = {}};
  message.xor_mapped = from;
  return message;
}

Message not_understood(const Message& request, std::vector<std::uint16_t> attributes) {
  Message message{.kind = Class::kError, .id = request.id, .software = {}};
  message.error = ErrorCode{kUnknownAttribute, {}};
  message.unknown_attributes = std::move(attributes);
  return message;
}

}  // namespace

Answering::Answering(Limit& answers, Limit& answers_per_ip, Instant now)
    : answers_(answers),
      answers_per_ip_(answers_per_ip),
      all_(rate_of(answers), rate_of(answers), now),
      others_(rate_of(answers_per_ip), rate_of(answers_per_ip), now) {}

TokenBucket& Answering::bucket_of(const IpAddress& source, Instant now) {
  const auto known = sources_.find(source);
  if (known != sources_.end()) return known->second;
  if (sources_.size() >= kSourcesMax) {
    std::erase_if(sources_, [now](const auto& entry) { return entry.second.is_full(now); });
  }
  if (sources_.size() >= kSourcesMax) return others_;
  const double rate = rate_of(answers_per_ip_);
  return sources_.emplace(source, TokenBucket(rate, rate, now)).first->second;
}

// The sender's own limit goes first: what it has too much of takes nothing from others. Nobody else can send
// from, or be flooded at, this machine's loopback.
bool Answering::within_rate(const IpAddress& source, Instant now) {
  if (!source.is_loopback()) {
    TokenBucket& own = bucket_of(source_of(source), now);
    const bool taken = own.take(now);
    answers_per_ip_.set_used(std::min<std::uint64_t>(own.missing(now), answers_per_ip_.max()));
    if (!taken) {
      answers_per_ip_.refuse();
      return false;
    }
  }
  const bool taken = all_.take(now);
  answers_.set_used(std::min<std::uint64_t>(all_.missing(now), answers_.max()));
  if (!taken) answers_.refuse();
  return taken;
}

std::optional<Answering::Reply> Answering::answer(BytesView datagram, const Asked& asked, Instant now) {
  const auto request = decode(datagram);
  if (!request || request->kind != Class::kRequest) return std::nullopt;
  received_ += datagram.size();
  surplus_ = std::min(surplus_ + datagram.size(), kSurplusMax);

  const ChangeRequest change = request->change.value_or(ChangeRequest());
  std::vector<std::uint16_t> unknown = request->not_understood;
  const bool impossible = (change.port && !asked.other_port) || (change.address && !asked.other_address);
  if (impossible) unknown.push_back(kChangeRequestType);

  Reply reply;
  if (!unknown.empty()) {
    reply.bytes = encode(not_understood(*request, std::move(unknown)));
  } else {
    reply.from = change;
    const Endpoint origin{change.address ? *asked.other_address : asked.at.address,
                          change.port ? asked.other_port->port : asked.at.port};
    reply.bytes = encode(success(*request, asked, origin));
    if (reply.bytes.size() > surplus_) reply.bytes = encode(bare(*request, asked.from));
  }
  if (reply.bytes.size() > surplus_ || !within_rate(asked.from.address, now)) return std::nullopt;
  surplus_ -= reply.bytes.size();
  answered_ += reply.bytes.size();
  return reply;
}

}  // namespace warren::stun
