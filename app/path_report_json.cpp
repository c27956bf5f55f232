#include "app/path_report_text.hpp"
#include "app/path_text.hpp"

namespace warren::app {
namespace {

namespace v1 = control::v1;

template <class Texts>
std::vector<std::string> list_of(const Texts& texts) {
  return {texts.begin(), texts.end()};
}

template <class Rows, class Describe>
std::vector<JsonObject> objects_of(const Rows& rows, Describe describe) {
  std::vector<JsonObject> objects;
  for (const auto& row : rows) objects.push_back(describe(row));
  return objects;
}

JsonObject json_of_path(const v1::OpenPath& path) {
  return JsonObject()
      .text("kind", path.relayed() ? "relay" : "direct")
      .text("transport", path.transport())
      .text("address", path.address())
      .text_or_null("relay", path.relay())
      .flag("best", path.best())
      .real_or_null("rtt_ms", path.has_rtt_ms() ? std::optional(path.rtt_ms()) : std::nullopt)
      .real("loss", path.loss())
      .flag("suspect", path.suspect())
      .number("age_ms", path.age_ms());
}

JsonObject json_of_position(const v1::Position& position) {
  return JsonObject()
      .flag("udp", position.udp())
      .text("mapping", position.mapping())
      .text("filtering", position.filtering())
      .text("ports", position.ports())
      .texts("outside", list_of(position.outside()))
      .texts("addresses", list_of(position.addresses()))
      .texts("local", list_of(position.local()));
}

JsonObject json_of_attempt(const v1::Attempt& attempt) {
  const bool began = attempt.outcome() != "left_out";
  return JsonObject()
      .text("address", attempt.address())
      .text_or_null("transport", attempt.transport())
      .text("means", attempt.means())
      .text("outcome", attempt.outcome())
      .number_or_null("ago_ms", began ? std::optional(attempt.ago_ms()) : std::nullopt)
      .real_or_null("took_ms", began ? std::optional(attempt.took_ms()) : std::nullopt)
      .text_or_null("reason", attempt.reason())
      .text_or_null("message", attempt.message());
}

JsonObject json_of_candidate(const v1::Candidate& candidate) {
  JsonObject line;
  line.text("address", candidate.address());
  return candidate.has_last() ? line.object("last", json_of_attempt(candidate.last())) : line.null("last");
}

JsonObject json_of_round(const v1::Round& round) {
  return JsonObject()
      .text("means", round.means())
      .text("begun_by", round.ours() ? "us" : "peer")
      .number("ago_ms", round.ago_ms())
      .real("took_ms", round.took_ms())
      .real_or_null("rtt_ms", round.has_rtt_ms() ? std::optional(round.rtt_ms()) : std::nullopt)
      .texts("told", list_of(round.told()))
      .texts("heard", list_of(round.heard()))
      .text("outcome", round.connected() ? "connected" : "failed")
      .text_or_null("error", round.error())
      .text_or_null("reason", round.reason())
      .text_or_null("message", round.message());
}

}  // namespace

JsonObject report_json(const v1::WhyReply& report) {
  JsonObject line;
  line.text("peer_id", report.peer_id())
      .text_or_null("node_id", report.node_id())
      .text("verdict", report.verdict())
      .text_or_null("reason", report.reason())
      .text("why", report.why())
      .text_or_null("advice", report.advice())
      .objects("paths", objects_of(report.paths(), json_of_path))
      .object("ours", json_of_position(report.ours()));
  if (report.has_theirs()) {
    line.object("theirs", json_of_position(report.theirs()));
  } else {
    line.null("theirs");
  }
  return line.objects("candidates", objects_of(report.candidates(), json_of_candidate))
      .objects("attempts", objects_of(report.attempts(), json_of_attempt))
      .objects("rounds", objects_of(report.rounds(), json_of_round))
      .number_or_null("next_try_in_ms",
                      report.has_next_try_in_ms() ? std::optional(report.next_try_in_ms()) : std::nullopt);
}

}  // namespace warren::app
