// What the test peers have in common: commands come as lines on stdin, and events go as JSON lines to stdout.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "test/interop/line_reader.hpp"
#include "test/interop/listen_options.hpp"
#include "warren/core/host.hpp"

namespace warren::interop {

using Json = nlohmann::ordered_json;

// Gets the words of a line, at least one; what it returns is emitted. Throws what went wrong.
using Command = std::function<Task<Json>(std::vector<std::string> words)>;

// One line.
void emit(const Json& event);

// {"event": kind}
Json event_of(std::string_view kind);
// With the addresses at which the peer is reached, each with its name.
Json ready_event(const PeerId& peer, const std::vector<Multiaddr>& addresses);

std::vector<std::string> texts(const std::vector<Multiaddr>& addresses);
double milliseconds(Duration duration);

// The best open connection to the peer; throws kNotFound when there is none, and never dials.
ConnectionPtr connection_to(const Host& host, const PeerId& peer);

// Emits what `work` returns, unless that is null, or {"event": "error"} when it fails or takes longer than
// the limit. Whether it succeeded.
Task<bool> step(Clock& clock, Duration limit, std::string name, Task<Json> work);

// Does what each line says, as a step of its own, until "quit" or the end.
Task<void> obey(Clock& clock, LineReader& lines, Duration step_limit, Command command);
// The same within the limits of the options: a listener that nobody told to end has done its part when the
// time is over.
Task<void> obey(Clock& clock, LineReader& lines, const ListenOptions& limits, Command command);

}  // namespace warren::interop
