#include "warren/protocols/autonat/client.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/farewell.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/autonat/dial_exchange.hpp"
#include "warren/protocols/autonat/v1_message.hpp"
#include "warren/protocols/autonat/v2_message.hpp"

namespace warren::autonat {

namespace {

constexpr Duration kDialBackReadTimeout = 5s;

Answer refused(std::string why, bool overloaded) {
  Answer answer;
  answer.finding = Finding::kRefused;
  answer.error = Errc::kDialBackRefused;
  answer.overloaded = overloaded;
  answer.why = std::move(why);
  return answer;
}

Answer failed(std::error_code error, std::string why) {
  Answer answer;
  answer.error = error;
  answer.why = std::move(why);
  return answer;
}

Answer answer_of(const v1::DialResponse& response) {
  const std::string why = std::string(v1::to_string(response.status)) +
                          (response.status_text.empty() ? std::string() : ": " + response.status_text);
  Answer answer;
  switch (response.status) {
    case v1::Status::kOk:
      answer.finding = Finding::kReachable;
      if (const auto address = Multiaddr::from_bytes(response.address)) answer.address = *address;
      return answer;
    case v1::Status::kDialError:
      answer.finding = Finding::kUnreachable;
      answer.why = why;
      return answer;
    case v1::Status::kDialRefused: return refused(why, false);
    default: return failed(Errc::kRejectedByPeer, why);
  }
}

}  // namespace

// Whoever waits for a nonce: it is worth nothing once the question has ended.
class Client::Awaited {
 public:
  Awaited(std::map<std::uint64_t, DialBack>& awaited, std::uint64_t nonce, Instant now)
      : awaited_(awaited), nonce_(nonce) {
    awaited_[nonce] = DialBack{.asked_at = now, .local = {}, .remote = {}};
  }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;
  ~Awaited() { awaited_.erase(nonce_); }
  const DialBack& dial_back() const { return awaited_.at(nonce_); }

 private:
  std::map<std::uint64_t, DialBack>& awaited_;
  std::uint64_t nonce_;
};

void Client::start() {
  host_.handle(ProtocolId(v2::kDialBackProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return take_dial_back(std::move(connection), std::move(stream));
  });
}

Task<void> Client::close() {
  host_.unhandle(ProtocolId(v2::kDialBackProtocol));
  co_return;
}

Task<void> Client::take_dial_back(ConnectionPtr connection, StreamPtr stream) {
  Clock& clock = host_.env().clock;
  const Bytes bytes =
      co_await with_timeout(clock, kDialBackReadTimeout, read_delimited(*stream, v2::kDialBackSizeMax));
  const std::uint64_t nonce = value_or_throw(v2::decode_dial_back(bytes), "autonat");
  const auto found = awaited_.find(nonce);
  if (found == awaited_.end()) throw_error(Errc::kNotFound, "autonat: a dial-back that nobody awaits");
  DialBack& dial_back = found->second;
  if (dial_back.remote) throw_error(Errc::kReplayed, "autonat: a second dial-back");
  // Proof is a connection that was made to us, after we have asked. One that was there before, or that we
  // have made, or that a relay forwards, shows nothing.
  const bool proves = connection->direction() == Direction::kInbound &&
                      connection->opened_at() >= dial_back.asked_at &&
                      !is_circuit(connection->remote_address());
  if (!proves) throw_error(Errc::kDenied, "autonat: a dial-back without a dial");
  dial_back.local = connection->local_address();
  dial_back.remote = connection->remote_address();
  arrived_.notify_all();
  const Bytes response = v2::encode_dial_back_response();
  co_await write_delimited(*stream, response);
  co_await say_farewell(clock, *stream);
}

Task<void> Client::wait_for_dial_back(const DialBack* dial_back) {
  while (!dial_back->remote) co_await arrived_.wait();
}

Task<Answer> Client::ask(ConnectionPtr server, std::vector<Multiaddr> addresses, bool send_data) {
  if (awaited_.size() >= kQuestionsMax) co_return failed(Errc::kLimitReached, "too many questions at a time");
  auto conversation = converse(std::move(server), std::move(addresses), send_data);
  auto answer = co_await as_result(with_timeout(host_.env().clock, kAskTimeout, std::move(conversation)));
  if (!answer) co_return failed(answer.error(), answer.error().message());
  co_return std::move(*answer);
}

Task<Answer> Client::converse(ConnectionPtr server, std::vector<Multiaddr> addresses, bool send_data) {
  Env& env = host_.env();
  if (addresses.size() > v2::kAddressesMax) addresses.resize(v2::kAddressesMax);
  v2::DialRequest request;
  request.nonce = env.random.u64();
  for (const Multiaddr& address : addresses) request.addresses.push_back(address.bytes());
  const Awaited awaited(awaited_, request.nonce, env.clock.now());

  StreamPtr stream = co_await server->open_stream(ProtocolId(v2::kDialRequestProtocol));
  const auto exchange = co_await request_dial(*stream, std::move(request), send_data);
  stream.reset();
  if (!exchange.response) co_return refused("wants more data than it is worth", false);
  const v2::DialResponse said = *exchange.response;

  if (said.status == v2::ResponseStatus::kRequestRejected ||
      said.status == v2::ResponseStatus::kDialRefused) {
    const bool overloaded = said.status == v2::ResponseStatus::kRequestRejected;
    co_return refused(std::string(v2::to_string(said.status)), overloaded);
  }
  if (said.status != v2::ResponseStatus::kOk)
    co_return failed(Errc::kRejectedByPeer, std::string(v2::to_string(said.status)));

  Answer answer;
  answer.address = addresses[said.address_index];
  answer.data_sent = exchange.data_sent;
  answer.why = v2::to_string(said.dial_status);
  if (said.dial_status == v2::DialStatus::kDialError) {
    answer.finding = Finding::kUnreachable;
    co_return answer;
  }
  if (said.dial_status != v2::DialStatus::kOk && said.dial_status != v2::DialStatus::kDialBackError) {
    answer.error = Errc::kMalformed;
    co_return answer;
  }
  if (said.dial_status == v2::DialStatus::kOk) {
    auto arrival = wait_for_dial_back(&awaited.dial_back());
    const auto waited = co_await as_result(with_timeout(env.clock, kDialBackAwaited, std::move(arrival)));
    std::ignore = waited;  // what has come shows below
  }
  const DialBack& back = awaited.dial_back();
  if (!back.remote || !same_form(*back.local, *answer.address)) {
    // It says that it got through, and did not, or elsewhere.
    answer.error = Errc::kNotFound;
    answer.why += back.remote ? ", over another transport" : ", but no dial-back has come";
    co_return answer;
  }
  answer.finding = Finding::kReachable;
  answer.dialed_from = back.remote;
  answer.proven = true;
  answer.why.clear();
  co_return answer;
}

Task<Answer> Client::ask_v1(ConnectionPtr server, std::vector<Multiaddr> addresses) {
  auto conversation = converse_v1(std::move(server), std::move(addresses));
  auto answer = co_await as_result(with_timeout(host_.env().clock, kAskV1Timeout, std::move(conversation)));
  if (!answer) co_return failed(answer.error(), answer.error().message());
  co_return std::move(*answer);
}

Task<Answer> Client::converse_v1(ConnectionPtr server, std::vector<Multiaddr> addresses) {
  v1::Dial dial{.peer = to_bytes(host_.peer_id().bytes()), .addresses = {}};
  for (const Multiaddr& address : addresses) {
    if (dial.addresses.size() < v1::kAddressesMax) dial.addresses.push_back(address.bytes());
  }
  StreamPtr stream = co_await server->open_stream(ProtocolId(v1::kProtocol));
  const Bytes encoded = v1::encode(std::move(dial));
  co_await write_delimited(*stream, encoded);
  const Bytes bytes = co_await read_delimited(*stream, v1::kMessageSizeMax);
  const v1::Message message = value_or_throw(v1::decode(bytes), "autonat");
  const auto* response = std::get_if<v1::DialResponse>(&message);
  if (response == nullptr) throw_error(Errc::kMalformed, "autonat: another answer than was due");
  Answer answer = answer_of(*response);
  co_await stream->close_write();
  co_return answer;
}

}  // namespace warren::autonat
