#include "app/path_values.hpp"

#include <algorithm>

#include "app/errors.hpp"
#include "app/transport_name.hpp"
#include "app/whole_ms.hpp"
#include "warren/core/relay_reason.hpp"

namespace warren::app {
namespace {

namespace v1 = control::v1;

using Texts = google::protobuf::RepeatedPtrField<std::string>;

std::int64_t ago_ms(Instant then, Instant now) {
  return std::max<std::int64_t>(0, whole_ms(now - then));
}

template <class Values>
void describe_all(const Values& values, Texts& to) {
  for (const auto& value : values) *to.Add() = value.to_string();
}

void describe_path(const PathRow& from, v1::OpenPath& to) {
  to.set_address(from.address.to_string());
  to.set_transport(std::string(transport_name(from.address)));
  to.set_relayed(from.relayed);
  to.set_relay(relay_of(from.address));
  to.set_best(from.best);
  const Duration measured = from.health.round_trip_time;
  const Duration round_trip = measured > Duration::zero() ? measured : from.round_trip_time;
  if (round_trip > Duration::zero()) to.set_rtt_ms(to_ms(round_trip));
  to.set_loss(from.health.loss);
  to.set_suspect(from.health.is_suspect);
  to.set_age_ms(whole_ms(from.age));
}

void describe_position(const NatPosition& from, v1::Position& to) {
  to.set_udp(from.udp);
  to.set_mapping(std::string(to_string(from.mapping)));
  to.set_filtering(std::string(to_string(from.filtering)));
  to.set_ports(std::string(to_string(from.ports)));
  describe_all(from.outside, *to.mutable_outside());
  describe_all(from.addresses, *to.mutable_addresses());
  describe_all(from.local, *to.mutable_local());
}

std::string outcome_of(const DialOutcome& outcome) {
  if (!outcome.began) return "left_out";
  if (outcome.won) return "connected";
  return outcome.error ? "failed" : "canceled";
}

void describe_attempt(const DialOutcome& from, Instant now, v1::Attempt& to) {
  to.set_address(from.address.to_string());
  to.set_transport(std::string(transport_name(from.address)));
  to.set_means(std::string(to_string(from.means)));
  to.set_outcome(outcome_of(from));
  if (from.began) {
    to.set_ago_ms(ago_ms(*from.began, now));
    to.set_took_ms(to_ms(from.took));
  }
  if (from.error) to.set_reason(std::string(describe(from.error).name));
  if (from.won) return;
  to.set_message(from.why.empty() && from.error ? from.error.message() : from.why);
}

std::string meaning_of(const PunchRound& failed) {
  if (!failed.why.empty()) return failed.why;
  return failed.reason ? std::string(warren::describe(*failed.reason)) : failed.error.message();
}

void describe_round(const PunchRound& from, Instant now, v1::Round& to) {
  to.set_means(std::string(to_string(from.means)));
  to.set_ours(from.ours);
  to.set_ago_ms(ago_ms(from.began, now));
  to.set_took_ms(to_ms(from.took));
  if (from.round_trip_time > Duration::zero()) to.set_rtt_ms(to_ms(from.round_trip_time));
  describe_all(from.told, *to.mutable_told());
  describe_all(from.heard, *to.mutable_heard());
  to.set_connected(!from.error);
  if (!from.error) return;
  to.set_error(std::string(describe(from.error).name));
  if (from.reason) to.set_reason(std::string(to_string(*from.reason)));
  to.set_message(meaning_of(from));
}

}  // namespace

void describe_report(const PathReport& report, v1::WhyReply& to) {
  to.set_peer_id(report.peer.to_string());
  if (report.node) to.set_node_id(report.node->to_string());
  to.set_verdict(std::string(to_string(report.verdict)));
  if (report.reason) to.set_reason(std::string(to_string(*report.reason)));
  to.set_why(report.why);
  to.set_advice(report.advice);
  for (const PathRow& row : report.paths) describe_path(row, *to.add_paths());
  describe_position(report.ours, *to.mutable_ours());
  if (report.theirs) describe_position(*report.theirs, *to.mutable_theirs());
  for (const CandidateRow& row : report.candidates) {
    v1::Candidate& candidate = *to.add_candidates();
    candidate.set_address(row.address.to_string());
    if (row.last) describe_attempt(*row.last, report.now, *candidate.mutable_last());
  }
  for (const DialOutcome& outcome : report.attempts)
    describe_attempt(outcome, report.now, *to.add_attempts());
  for (const PunchRound& round : report.rounds) describe_round(round, report.now, *to.add_rounds());
  if (report.next_try)
    to.set_next_try_in_ms(std::max<std::int64_t>(0, whole_ms(*report.next_try - report.now)));
}

}  // namespace warren::app
