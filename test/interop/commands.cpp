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

Task<void> obey(Clock& clock, LineReader& lines, Duration step_limit,
                std::function<Task<Json>(std::vector<std::string> words)> command) {
  for (;;) {
    const auto line = co_await lines.next();
    if (!line || *line == "quit") co_return;
    std::istringstream stream(*line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty()) continue;
    const std::string name = words[0];
    auto work = with_timeout(clock, step_limit, command(std::move(words)));
    const auto answer = co_await as_result(std::move(work));
    if (answer) {
      emit(*answer);
    } else {
      emit({{"event", "error"}, {"command", name}, {"error", answer.error().message()}});
    }
  }
}

}  // namespace warren::interop
