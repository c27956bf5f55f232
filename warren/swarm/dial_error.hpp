// Why a dial failed, put together from what its addresses ran into.
#pragma once

#include <string>
#include <system_error>
#include <vector>

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
  bool won = false;
};

// An address that was not dialed.
struct LeftOut {
  Multiaddr address;
  std::error_code code;  // none when that is nobody's failure
  std::string why;
};

// Why no address led to the peer. `code` is the common error of all that was tried or left out, kUnreachable
// when they differ, kNoAddresses when there were none, kTimedOut when the whole dial took too long.
// `attempts` names each address with its error, and limits by their name: first names that led nowhere, then
// what was dialed, in the order of the starts and with the time that it took, then what was left out.
struct DialError {
  std::error_code code;
  std::string attempts;
  std::vector<LeftOut> left_out;

  // Of an address that was not dialed.
  void add(const Multiaddr& address, std::error_code error, const std::string& why);
  void add(const Multiaddr& address, std::error_code error) { add(address, error, error.message()); }
  void add(const DialReport& report);
  void add(const DialError& further);
  // Remarks that leave the code as it is; the second is of an address that was not dialed.
  void note(const std::string& about, const std::string& what);
  void note(const Multiaddr& address, const std::string& why);

 private:
  void agree_on(std::error_code error);
};

}  // namespace warren
