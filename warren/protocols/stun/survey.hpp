// One survey of one socket's NAT, as pure policy: which datagrams to send and which favours to ask for next,
// and what follows from what came back. Client is the pump around it.
//
// The listening socket asks every server endpoint at once; that gives the mapping. A fresh socket, the probe,
// contacts one server only, the contact. What may reach it then from elsewhere gives the filtering: another
// address (a peer that it has not contacted, or the contact's OTHER-ADDRESS) and the contact's other port.
// The two sockets sending to each other's mapped addresses give the hairpin.
#pragma once

#include <variant>

#include "warren/env/random.hpp"
#include "warren/protocols/stun/behavior.hpp"
#include "warren/protocols/stun/message.hpp"

namespace warren::stun {

// What requests are called by: so long that no answer is larger than its question (answering.hpp).
inline constexpr std::string_view kSoftware =
    "warren; this name is as long so that no answer is larger than its request";
// A survey ends after this time, whatever has not been answered.
inline constexpr Duration kSurveyMax = 2900ms;
// RFC 8489, section 6.2.1: the first retransmission; the next waits for twice as long. It has 7 of them, and
// half a minute; who has not answered the third is of no use here.
inline constexpr Duration kRetransmitAfter = 500ms;
inline constexpr int kSendsMax = 3;
// What tests filtering and hairpinning is sent three times, too, at shorter intervals: most of it is lost on
// purpose.
inline constexpr Duration kProbeInterval = 300ms;
// How long a server with more to offer is waited for, once another one has answered.
inline constexpr Duration kContactGrace = 150ms;
inline constexpr std::size_t kServersMax = 8;
inline constexpr std::size_t kQuestionsMax = 32;
// Peers that are asked to send from an address that was not contacted.
inline constexpr std::size_t kStrangersMax = 2;

enum class Via { kListening, kProbe };

// Of a server that can be asked.
struct ServerInfo {
  Endpoint primary;
  std::optional<Endpoint> alternate{};  // the same address, another port
  // The number under which the pump can ask it for favours.
  std::optional<std::size_t> helper{};
};

struct SendDatagram {
  Via via = Via::kListening;
  Endpoint to;
  Bytes bytes;
};
struct AskFavor {
  std::size_t helper = 0;
  TransactionId token{};
  Endpoint target;
  bool from_alternate = false;
};
using Step = std::variant<SendDatagram, AskFavor>;

class Survey {
 public:
  // `local` is what the listening socket is bound to; `own` are this machine's addresses. The generator
  // outlives the survey.
  Survey(Random& random, const Endpoint& local, std::vector<IpAddress> own, Instant now);

  // A server, or more about one; of another family it is ignored.
  void add(const ServerInfo& server, Instant now);
  // Whether more servers may come.
  void expect_more(bool expected) { expecting_ = expected; }

  // What is to be done now.
  std::vector<Step> due(Instant now);
  // When there may be more to do, or the survey is done, if nothing comes in.
  Instant wake_at(Instant now) const;
  bool done(Instant now) const;

  void on_datagram(Via via, const Endpoint& from, BytesView payload, Instant now);
  // What became of a favour: whether the helper said that it has sent the datagram.
  void on_favor(const TransactionId& token, bool sent);

  bool has_servers() const { return !servers_.empty(); }
  NatReport report(Instant now) const;

 private:
  struct Known {
    ServerInfo info;
    std::optional<Endpoint> other;  // OTHER-ADDRESS
  };
  enum class Purpose { kMapping, kContact, kOtherAddress, kOtherPort };
  struct Question {
    Purpose purpose = Purpose::kMapping;
    Via via = Via::kListening;
    Endpoint to;
    TransactionId id{};
    ChangeRequest change{};
    int sends = 0;
    Instant first{};
    Instant next{};
    std::optional<Endpoint> seen{};  // the answer
    Instant answered{};
    bool failed = false;
    bool refused = false;  // the server can't do it

    bool open() const { return !seen && !failed; }
  };
  struct Favor {
    AskFavor ask;
    int asks = 0;
    int sent = 0;
    Instant next{};
    bool over = false;
  };
  struct Hairpin {
    TransactionId to_probe{};
    TransactionId to_listening{};
    int sends = 0;
    Instant next{};
    bool begun = false;
    bool over = false;
  };

  void ask(Purpose purpose, Via via, const Endpoint& to, ChangeRequest change, Instant now);
  void ask_mapping(const Endpoint& to, Instant now);
  void step_question(Question& question, Instant now, std::vector<Step>& steps);
  void step_favor(Favor& favor, Instant now, std::vector<Step>& steps);
  void step_hairpin(Instant now, std::vector<Step>& steps);
  void choose_contact(Instant now);
  void test_filtering(Instant now);
  void ask_favor(std::size_t helper, bool from_alternate, Instant now);
  void on_answer(Question& question, const Message& message, const Endpoint& from, Instant now);
  void on_indication(Via via, const TransactionId& id, const Endpoint& from);
  void learn_other(const Question& question, const Endpoint& other, Instant now);

  // How well a server serves as the contact: how many of the two tests there would be.
  int worth(const Known& server) const;
  const Question* mapping_answer(const Endpoint& server) const;
  const Question* first_answer() const;
  std::vector<Observation> observations() const;
  FilterEvidence evidence() const;
  bool mapping_settled(Instant now) const;
  bool filtering_settled(Instant now) const;
  bool is_own(const IpAddress& address) const;

  Random& random_;
  Endpoint local_;
  std::vector<IpAddress> own_;
  Instant begin_;
  bool expecting_ = false;
  std::vector<Known> servers_;
  std::vector<Question> questions_;  // in the order of asking
  std::optional<Known> contact_;
  std::optional<Endpoint> probe_mapped_;
  std::vector<Favor> favors_;
  bool from_other_address_ = false;
  bool from_other_port_ = false;
  Hairpin hairpin_;
  bool hairpinned_ = false;
};

}  // namespace warren::stun
