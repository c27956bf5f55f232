#include "app/path_report_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "app/path_text.hpp"
#include "app/text.hpp"
#include "app/transport_name.hpp"

namespace warren::app {
namespace {

namespace v1 = control::v1;

// "QUIC", "TCP", "WSS"
std::string loud_name(const std::string& transport) {
  std::string name = path_word(transport);
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::string in_capitals(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// What new streams take; null when nothing is open.
const v1::OpenPath* best_of(const v1::WhyReply& report) {
  for (const v1::OpenPath& path : report.paths()) {
    if (path.best()) return &path;
  }
  return report.paths().empty() ? nullptr : &report.paths(0);
}

std::string path_line(const v1::OpenPath& path) {
  std::string text = path.relayed()
                         ? "relay via " + path.relay()
                         : fmt::format("direct {} {}", path_word(path.transport()), path.address());
  if (path.has_rtt_ms()) text += fmt::format(", {:.1f} ms", path.rtt_ms());
  if (path.loss() > 0) text += fmt::format(", loses {:.0f} %", path.loss() * 100);
  if (path.suspect()) text += ", an answer is overdue";
  text += ", open for " + duration_text(path.age_ms());
  return path.best() ? text + " (in use)" : text;
}

std::string position_line(const v1::Position& position) {
  std::string text;
  if (!position.udp()) text = "UDP is blocked; ";
  if (position.mapping() == "none") {
    text += "no NAT";
  } else {
    text += "mapping " + position.mapping();
    if (position.mapping() == "dependent") text += " (ports " + position.ports() + ")";
  }
  return text + ", filtering " + position.filtering();
}

std::string position_text(const char* name, const v1::Position& position) {
  std::string text = fmt::format("{:<10}  {}\n", name, position_line(position));
  const auto list = [&](const char* what, const auto& values) {
    if (!values.empty())
      text += fmt::format("{:12}{} {}\n", "", what, printable(fmt::format("{}", fmt::join(values, ", "))));
  };
  list("seen as", position.outside());
  list("to be tried at", position.addresses());
  list("in the same network at", position.local());
  return text;
}

std::string attempt_outcome(const v1::Attempt& attempt) {
  const std::string why = attempt.message().empty() ? "" : ": " + printable(attempt.message());
  if (attempt.outcome() == "left_out") return "left out" + why;
  const char* preposition = attempt.outcome() == "connected" ? "in" : "after";
  return fmt::format("{} {} {:.1f} ms{}", attempt.outcome(), preposition, attempt.took_ms(), why);
}

// What comes after "relay via" is the relay's PeerID, and not its address, which is long.
std::string place_of(const std::string& address) {
  const Result<Multiaddr> parsed = Multiaddr::parse(address);
  const std::string relay = parsed ? relay_of(*parsed) : "";
  return relay.empty() ? address : "relay via " + relay;
}

std::string candidate_line(const v1::Candidate& candidate) {
  const std::string place = place_of(candidate.address());
  if (!candidate.has_last()) return place + ": not tried yet";
  const v1::Attempt& last = candidate.last();
  std::string text = fmt::format("{}: {}", place, attempt_outcome(last));
  if (last.outcome() != "left_out")
    text += fmt::format(" ({}, {} ago)", last.means(), duration_text(last.ago_ms()));
  return text;
}

std::string attempt_line(const v1::Attempt& attempt) {
  return fmt::format("{:<14}  {:<7}  {}: {}", duration_text(attempt.ago_ms()) + " ago", attempt.means(),
                     place_of(attempt.address()), attempt_outcome(attempt));
}

std::string round_line(const v1::Round& round) {
  std::string text = fmt::format("{:<14}  {:<7}  begun {}", duration_text(round.ago_ms()) + " ago",
                                 round.means(), round.ours() ? "here" : "by the peer");
  if (round.has_rtt_ms()) text += fmt::format(", {:.1f} ms over the relay", round.rtt_ms());
  if (round.connected()) return text + fmt::format(": connected in {:.1f} ms", round.took_ms());
  // What the NATs rule out is not tried.
  text += round.took_ms() > 0 ? fmt::format(": failed after {:.1f} ms", round.took_ms()) : ": left out";
  if (!round.reason().empty()) text += ": " + round.reason();
  return round.message().empty() ? text : text + ": " + printable(round.message());
}

std::string round_addresses(const v1::Round& round) {
  std::string text;
  const auto list = [&](const char* who, const auto& addresses) {
    if (!addresses.empty()) text += fmt::format("{:18}{} {}\n", "", who, fmt::join(addresses, ", "));
  };
  list("we told", round.told());
  list("we tried", round.heard());
  return text;
}

// "Paths" before the first line, and nothing before the others. The same words are said once: of several
// circuits through one relay there is one thing to tell.
class Block {
 public:
  explicit Block(const char* name) : name_(name) {}

  void line(const std::string& words) {
    if (!said_.insert(words).second) return;
    text_ += fmt::format("{:<10}  {}\n", text_.empty() ? name_ : "", words);
  }
  void add(const std::string& lines) { text_ += lines; }
  const std::string& text() const { return text_; }

 private:
  const char* name_;
  std::string text_;
  std::set<std::string> said_;
};

}  // namespace

std::string verdict_text(const v1::WhyReply& report) {
  const v1::OpenPath* best = best_of(report);
  std::string text;
  if (best == nullptr) {
    text = "Not connected";
  } else if (best->relayed()) {
    text = "Relayed via " + best->relay();
  } else {
    text = fmt::format("Direct over {} for {}", loud_name(best->transport()), duration_text(best->age_ms()));
  }
  if (!report.reason().empty()) text += ": " + report.reason();
  return report.why().empty() ? text : text + ": " + printable(report.why());
}

std::string reason_text(const v1::WhyReply& report) {
  std::string text;
  const auto add = [&](const char* between, const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : between) + printable(part);
  };
  add("", report.reason());
  add(": ", report.why());
  add("; ", report.advice());
  return text;
}

std::string report_text(const v1::WhyReply& report) {
  std::string text = verdict_text(report) + "\n";
  if (!report.advice().empty()) text += in_capitals(printable(report.advice())) + "\n";
  text += fmt::format("\n{:<10}  {}\n", "Peer", report.peer_id());
  if (!report.node_id().empty()) text += fmt::format("{:<10}  {}\n", "Node", report.node_id());
  Block paths("Paths");
  for (const v1::OpenPath& path : report.paths()) paths.line(path_line(path));
  if (report.paths().empty()) paths.line("none");
  text += paths.text() + position_text("This node", report.ours());
  text += report.has_theirs() ? position_text("The peer", report.theirs())
                              : fmt::format("{:<10}  it has not told where it stands\n", "The peer");
  Block candidates("Addresses");
  for (const v1::Candidate& candidate : report.candidates()) candidates.line(candidate_line(candidate));
  Block attempts("Attempts");
  for (const v1::Attempt& attempt : report.attempts()) {
    if (attempt.outcome() != "left_out") attempts.line(attempt_line(attempt));
  }
  Block rounds("Rounds");
  for (const v1::Round& round : report.rounds()) {
    rounds.line(round_line(round));
    rounds.add(round_addresses(round));
  }
  text += candidates.text() + attempts.text() + rounds.text();
  if (report.has_next_try_in_ms())
    text += fmt::format("{:<10}  in {}\n", "Next try", duration_text(report.next_try_in_ms()));
  return text;
}

}  // namespace warren::app
