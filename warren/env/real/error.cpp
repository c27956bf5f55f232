#include "warren/env/real/error.hpp"

#include <boost/asio/error.hpp>

namespace warren::real {

Errc translate(const boost::system::error_code& error) {
  namespace e = boost::asio::error;
  if (error == e::connection_refused) return Errc::kRefused;
  if (error == e::connection_reset || error == e::broken_pipe || error == e::connection_aborted)
    return Errc::kReset;
  if (error == e::timed_out) return Errc::kTimedOut;
  if (error == e::network_unreachable || error == e::host_unreachable) return Errc::kUnreachable;
  if (error == boost::system::errc::address_not_available) return Errc::kUnreachable;
  if (error == e::address_in_use) return Errc::kAddressInUse;
  if (error == e::bad_descriptor || error == e::not_connected) return Errc::kClosed;
  return Errc::kIo;
}

void throw_translated(const boost::system::error_code& error, bool closed_here) {
  if (closed_here) throw_error(Errc::kReset);
  if (error == boost::asio::error::operation_aborted) throw boost::system::system_error(error);
  throw_error(translate(error), error.message());
}

}  // namespace warren::real
