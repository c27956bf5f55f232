// A connected TCP socket as a TcpStream.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "warren/env/network.hpp"

namespace warren::real {

Endpoint from_asio(const boost::asio::ip::tcp::endpoint& endpoint);
boost::asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint);

class KernelTcpStream final : public TcpStream {
 public:
  // The socket is connected; its end points are asked once, while it is.
  static Result<std::unique_ptr<TcpStream>> adopt(boost::asio::ip::tcp::socket socket);
  // Closes as the kernel does when our half has ended, so that what was written still arrives; resets
  // otherwise.
  ~KernelTcpStream() override;

  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override;
  void reset() override;

  Endpoint local_endpoint() const override { return local_; }
  Endpoint remote_endpoint() const override { return remote_; }

 private:
  KernelTcpStream(boost::asio::ip::tcp::socket socket, Endpoint local, Endpoint remote)
      : socket_(std::move(socket)), local_(local), remote_(remote) {}

  // The socket's error ended the stream: for good, although the kernel tells it only once and then the end.
  [[noreturn]] void throw_broken(const boost::system::error_code& error);

  boost::asio::ip::tcp::socket socket_;
  Endpoint local_;
  Endpoint remote_;
  bool ended_ = false;       // our half
  bool peer_ended_ = false;  // and we have read all
  bool broken_ = false;
};

}  // namespace warren::real
