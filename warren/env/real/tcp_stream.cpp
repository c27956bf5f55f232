#include "warren/env/real/tcp_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "warren/env/real/error.hpp"

namespace warren::real {

namespace asio = boost::asio;

Endpoint from_asio(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v4()) return {IpAddress::v4(address.to_v4().to_bytes()), endpoint.port()};
  return {IpAddress::v6(address.to_v6().to_bytes()), endpoint.port()};
}

asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint) {
  const BytesView bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    asio::ip::address_v4::bytes_type four;
    std::ranges::copy(bytes, four.begin());
    return {asio::ip::address_v4(four), endpoint.port};
  }
  asio::ip::address_v6::bytes_type sixteen;
  std::ranges::copy(bytes, sixteen.begin());
  return {asio::ip::address_v6(sixteen), endpoint.port};
}

Result<std::unique_ptr<TcpStream>> KernelTcpStream::adopt(asio::ip::tcp::socket socket) {
  boost::system::error_code error;
  const auto local = socket.local_endpoint(error);
  if (error) return fail(translate(error));
  const auto remote = socket.remote_endpoint(error);
  if (error) return fail(translate(error));
  // Every write here is a whole flush already; waiting for more only adds delay.
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  return std::unique_ptr<TcpStream>(
      new KernelTcpStream(std::move(socket), from_asio(local), from_asio(remote)));
}

KernelTcpStream::~KernelTcpStream() {
  if (!ended_) reset();
}

void KernelTcpStream::throw_broken(const boost::system::error_code& error) {
  if (error != asio::error::operation_aborted) broken_ = true;
  throw_translated(error, !socket_.is_open());
}

Task<std::size_t> KernelTcpStream::read_some(MutableBytes to) {
  if (!socket_.is_open() || broken_) throw_error(Errc::kReset);
  const auto done = co_await socket_.async_read_some(asio::buffer(to.data(), to.size()),
                                                     asio::as_tuple(asio::use_awaitable));
  const auto& [error, size] = done;
  if (error == asio::error::eof) {
    // A writer that was told of the reset has taken the error with it: no clean end.
    if (broken_) throw_error(Errc::kReset);
    peer_ended_ = true;
    co_return 0;
  }
  if (error) throw_broken(error);
  co_return size;
}

Task<void> KernelTcpStream::write(BytesView bytes) {
  if (!socket_.is_open() || broken_) throw_error(Errc::kReset);
  if (ended_) throw_error(Errc::kClosed);
  const auto done = co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                                               asio::as_tuple(asio::use_awaitable));
  const auto& [error, size] = done;
  if (error) throw_broken(error);
}

Task<void> KernelTcpStream::close_write() {
  boost::system::error_code ignored;  // the other side may have gone first
  if (socket_.is_open() && !ended_) socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  ended_ = true;
  co_return;
}

void KernelTcpStream::reset() {
  if (!socket_.is_open()) return;
  boost::system::error_code ignored;
  // Closing alone would look to the other side like an orderly end of our half. Without lingering it is an
  // RST.
  const bool over = ended_ && peer_ended_;
  if (!over) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace warren::real
