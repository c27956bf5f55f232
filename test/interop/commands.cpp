#include "test/interop/commands.hpp"

#include <iostream>
#include <sstream>

#include "warren/async/as_result.hpp"

namespace warren::interop {

void emit(const Json& event) {
  std::cout << event.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
}

Json event_of(std::string_view kind) {
  Json event;
  event["event"] = kind;
  return event;
}

Json ready_event(const PeerId& peer, const std::vector<Multiaddr>& addresses) {
  Json event = event_of("ready");
  event["peer_id"] = peer.to_string();
  event["addresses"] = Json::array();
  for (const Multiaddr& address : addresses) {
    event["addresses"].push_back(address.with(Protocol::kP2p, peer.bytes()).to_string());
  }
  return event;
}

std::vector<std::string> texts(const std::vector<Multiaddr>& addresses) {
  std::vector<std::string> texts;
  for (const Multiaddr& address : addresses) texts.push_back(address.to_string());
  return texts;
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

ConnectionPtr connection_to(const Host& host, const PeerId& peer) {
  const auto connections = host.connections(peer);
  if (connections.empty()) throw_error(Errc::kNotFound);
  return connections.front();
}

Task<bool> step(Clock& clock, Duration limit, std::string name, Task<Json> work) {
  const auto answer = co_await as_result(with_timeout(clock, limit, std::move(work)));
  if (!answer) {
    emit({{"event", "error"}, {"command", name}, {"error", answer.error().message()}});
  } else if (!answer->is_null()) {
    emit(*answer);
  }
  co_return answer.has_value();
}

Task<void> obey(Clock& clock, LineReader& lines, Duration step_limit, Command command) {
  for (;;) {
    const auto line = co_await lines.next();
    if (!line || *line == "quit") co_return;
    std::istringstream stream(*line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty()) continue;
    std::string name = words[0];
    co_await step(clock, step_limit, std::move(name), command(std::move(words)));
  }
}

Task<void> obey(Clock& clock, LineReader& lines, const ListenOptions& limits, Command command) {
  auto work = obey(clock, lines, limits.step_limit, std::move(command));
  std::ignore = co_await as_result(with_timeout(clock, limits.whole_limit, std::move(work)));
}

}  // namespace warren::interop
