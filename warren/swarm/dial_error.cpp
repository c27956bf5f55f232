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
}

void DialError::add(const DialReport& report) {
  const auto took = std::chrono::round<std::chrono::milliseconds>(report.took);
  add(report.address, report.code, report.why + " (" + std::to_string(took.count()) + " ms)");
}

void DialError::add(const DialError& further) {
  if (further.code) agree_on(further.code);
  if (!attempts.empty() && !further.attempts.empty()) attempts += "; ";
  attempts += further.attempts;
}

}  // namespace warren
