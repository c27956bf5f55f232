// Why a dial failed, put together from what its addresses ran into.
#pragma once

#include <string>
#include <system_error>

#include "warren/base/time.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

// What became of one attempt.
struct DialReport {
  Multiaddr address;
  std::error_code code;  // zero while it runs, and of one that was canceled
  std::string why;
  Instant began{};
  Duration took{};
};

// Why no address led to the peer. `code` is the common error of all that was tried or left out, kUnreachable
// when they differ, kNoAddresses when there were none, kTimedOut when the whole dial took too long.
// `attempts` names each address with its error, and limits by their name: first names that led nowhere, then
// what was dialed, in the order of the starts and with the time that it took, then what was left out.
struct DialError {
  std::error_code code;
  std::string attempts;

  void add(const Multiaddr& address, std::error_code error, const std::string& why);
  void add(const Multiaddr& address, std::error_code error) { add(address, error, error.message()); }
  void add(const DialReport& report);
  void add(const DialError& further);
  // A remark that leaves the code as it is.
  void note(const std::string& about, const std::string& what);

 private:
  void agree_on(std::error_code error);
};

}  // namespace warren
