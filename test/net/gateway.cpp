#include "test/net/gateway.hpp"

#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "test/net/nat_settings.hpp"
#include "test/net/packet.hpp"

namespace warren::net {

namespace {

using Kind = sim::NatModel::Verdict::Kind;

nlohmann::json describe(const std::optional<sim::NatModel>& nat) {
  if (!nat) return nullptr;
  nlohmann::json all = {{"mappings", nat->mappings()}};
  if (nat->options().translates) all["outside"] = nat->outside().to_string();
  return all;
}

}  // namespace

Gateway::Way Gateway::unreadable() {
  ++stats_.unreadable;
  return Way::kDrop;
}

Gateway::Way Gateway::expired() {
  ++stats_.expired;
  return Way::kDrop;
}

Gateway::Way Gateway::from_inside(MutableBytes packet, Instant now) {
  if (!v4_ && !v6_) return Way::kOn;
  const auto version = version_of(packet);
  if (!version) return unreadable();
  auto& nat = router(version == 4);
  if (!nat) return Way::kOn;
  if (!spend_hop(packet)) return expired();
  const auto headers = parse(packet, Towards::kOutside);
  if (!headers) return error_from_inside(packet, *nat, now);
  const auto verdict = nat->from_inside(headers->flow, now);
  // An echo has one identifier, which cannot be that of two hosts behind this router.
  const bool echo = headers->flow.protocol == sim::NatProtocol::kIcmpEcho;
  if (verdict.kind == Kind::kOut) {
    flows_.goes_out(headers->flow, now);
    set_source(packet, *headers, verdict.from);
    ++stats_.out;
    return Way::kOn;
  }
  if (verdict.kind == Kind::kIn && !echo) {
    flows_.goes_out(headers->flow, now);
    set_source(packet, *headers, verdict.from);
    set_destination(packet, *headers, verdict.to);
    ++stats_.hairpinned;
    return Way::kBack;
  }
  ++stats_.filtered;
  return Way::kDrop;
}

Gateway::Way Gateway::from_outside(Bytes& packet, Instant now) {
  if (!v4_ && !v6_) return Way::kOn;
  const auto version = version_of(packet);
  if (!version) return unreadable();
  auto& nat = router(version == 4);
  if (!nat) return Way::kOn;
  if (!spend_hop(packet)) return expired();
  const auto headers = parse(packet, Towards::kInside);
  if (!headers) return error_from_outside(packet, *nat);
  const auto verdict = nat->from_outside(headers->flow, now);
  if (verdict.kind == Kind::kIn) {
    flows_.comes_in(headers->flow, verdict.to, now);
    set_destination(packet, *headers, verdict.to);
    ++stats_.in;
    return Way::kOn;
  }
  if (verdict.kind == Kind::kRefused) {
    packet = reset_for(packet, *headers);
    ++stats_.refused;
    return Way::kBack;
  }
  ++stats_.filtered;
  return Way::kDrop;
}

// A host says what became of a packet that had come in: it is known outside by what it would send with.
Gateway::Way Gateway::error_from_inside(MutableBytes packet, sim::NatModel& nat, Instant now) {
  const auto error = parse_error(packet, Towards::kOutside);
  if (!error) return unreadable();
  sim::NatPacket answer = error->about.flow;
  std::swap(answer.from, answer.to);
  answer.syn = answer.fin = answer.rst = false;
  answer.ack = true;
  const auto verdict = nat.from_inside(answer, now);
  if (verdict.kind != Kind::kOut) {
    ++stats_.filtered;
    return Way::kDrop;
  }
  // A router behind this one may have said it: it is known outside by the same address.
  const IpAddress source = nat.options().translates ? verdict.from.address : error->from;
  set_error_source(packet, *error, source, verdict.from);
  ++stats_.out;
  return Way::kOn;
}

Gateway::Way Gateway::error_from_outside(MutableBytes packet, sim::NatModel& nat) {
  const auto error = parse_error(packet, Towards::kInside);
  if (!error) return unreadable();
  const sim::NatPacket& about = error->about.flow;
  const auto owner =
      error->to == about.from.address ? nat.owner_of(about.protocol, about.from, about.to) : std::nullopt;
  if (!owner) {
    ++stats_.filtered;
    return Way::kDrop;
  }
  set_error_destination(packet, *error, *owner);
  ++stats_.in;
  return Way::kOn;
}

std::optional<std::string> Gateway::command(std::string_view words) {
  std::istringstream stream{std::string(words)};
  std::string which, rest;
  stream >> which >> std::ws;
  std::getline(stream, rest);
  if (which == "reboot") {
    if (v4_) v4_->reboot();
    if (v6_) v6_->reboot();
    return std::nullopt;
  }
  if (which == "recount") {
    stats_ = {};
    flows_.reset();
    return std::nullopt;
  }
  if (which != "v4" && which != "v6") return "no router " + which;
  const bool v4 = which == "v4";
  if (rest == "off") {
    router(v4).reset();
    return std::nullopt;
  }
  return set(v4, rest);
}

std::optional<std::string> Gateway::set(bool v4, std::string_view words) {
  auto& nat = router(v4);
  NatSettings settings;
  if (nat) settings.options = nat->options();
  if (auto wrong = change(settings, words)) return wrong;
  const auto& outside = settings.outside;
  if (outside && outside->is_v4() != v4) return outside->to_string() + " is of the other family";
  if (nat) {
    nat->set_options(settings.options);
    if (outside) nat->set_outside(*outside);
    return std::nullopt;
  }
  if (!outside && settings.options.translates) return "it needs an outside address";
  const IpAddress none = v4 ? IpAddress() : IpAddress::v6({});
  nat.emplace(seed_ + (v4 ? 0 : 1), settings.options, outside.value_or(none));
  return std::nullopt;
}

std::string Gateway::stats() const {
  const nlohmann::json all = {{"v4", describe(v4_)},
                              {"v6", describe(v6_)},
                              {"out", stats_.out},
                              {"in", stats_.in},
                              {"hairpinned", stats_.hairpinned},
                              {"filtered", stats_.filtered},
                              {"refused", stats_.refused},
                              {"unreadable", stats_.unreadable},
                              {"expired", stats_.expired},
                              {"flows", flows_.begun()},
                              {"flows_per_second_max", flows_.most_in_a_second()}};
  return all.dump();
}

}  // namespace warren::net
