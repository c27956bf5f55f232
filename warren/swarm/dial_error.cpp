#include "warren/swarm/dial_error.hpp"

#include "warren/base/error.hpp"

namespace warren {

void DialError::agree_on(std::error_code error) {
  code = !code || code == error ? error : make_error_code(Errc::kUnreachable);
}

void DialError::note(const std::string& about, const std::string& what) {
  if (!attempts.empty()) attempts += "; ";
  attempts += about + ": " + what;
}

void DialError::add(const Multiaddr& address, std::error_code error, const std::string& why) {
  agree_on(error);
  note(address.to_string(), why);
  left_out.push_back({address, error, why});
}

void DialError::note(const Multiaddr& address, const std::string& why) {
  note(address.to_string(), why);
  left_out.push_back({address, {}, why});
}

void DialError::add(const DialReport& report) {
  const auto took = std::chrono::round<std::chrono::milliseconds>(report.took);
  agree_on(report.code);
  note(report.address.to_string(), report.why + " (" + std::to_string(took.count()) + " ms)");
}

void DialError::add(const DialError& further) {
  if (further.code) agree_on(further.code);
  if (!attempts.empty() && !further.attempts.empty()) attempts += "; ";
  attempts += further.attempts;
  left_out.insert(left_out.end(), further.left_out.begin(), further.left_out.end());
}

}  // namespace warren
