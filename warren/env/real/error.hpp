// Asio's and the kernel's errors in Warren's words.
#pragma once

#include <boost/system/system_error.hpp>

#include "warren/base/error.hpp"

namespace warren::real {

// The Errc that says what a caller can do about it.
Errc translate(const boost::system::error_code& error);

// Throws the translation; a cancellation of the coroutine goes on as it is. `closed_here`: the socket was
// closed by its owner, which Asio reports as canceled, too.
[[noreturn]] void throw_translated(const boost::system::error_code& error, bool closed_here);

}  // namespace warren::real
