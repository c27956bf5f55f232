// Test support: a DNS server on loopback, over UDP and TCP, whose records tests set and change.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "warren/async/task.hpp"
#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::real {

class TestDnsServer {
 public:
  enum Type : std::uint16_t { kA = 1, kCname = 5, kTxt = 16, kAaaa = 28, kSrv = 33 };
  enum class Behaviour { kAnswer, kSilent, kServerFailure, kRefuse, kGarbage };
  struct Record {
    Type type = kA;
    Bytes data;
    std::uint32_t ttl = 60;
  };

  explicit TestDnsServer(Executor executor) : udp_(executor), tcp_(executor) {
    boost::system::error_code taken = boost::asio::error::address_in_use;
    while (taken) {  // both on one port
      udp_ = boost::asio::ip::udp::socket(executor, loopback<boost::asio::ip::udp>(0));
      tcp_ = boost::asio::ip::tcp::acceptor(executor, boost::asio::ip::tcp::v4());
      tcp_.bind(loopback<boost::asio::ip::tcp>(udp_.local_endpoint().port()), taken);
      if (!taken) tcp_.listen(boost::asio::socket_base::max_listen_connections, taken);
    }
  }

  Endpoint endpoint() const { return {IpAddress::v4({127, 0, 0, 1}), udp_.local_endpoint().port()}; }

  // To a question for a name goes all it has, whatever the type asked for, as a chain of CNAMEs needs it; no
  // records: NXDOMAIN.
  std::map<std::string, std::vector<Record>> records;
  std::map<std::string, Behaviour> behaviours;
  bool truncate = false;           // over UDP, so that the question comes again over TCP
  std::vector<std::string> asked;  // "name type", and " tcp" where it was

  static Bytes txt(const std::vector<std::string>& strings) {
    Writer writer;
    for (const std::string& string : strings) {
      writer.u8(static_cast<std::uint8_t>(string.size()));
      writer.bytes(as_bytes(string));
    }
    return writer.take();
  }
  static Bytes name(const std::string& dotted) {
    Writer writer;
    for (std::size_t begin = 0; begin < dotted.size();) {
      const std::size_t end = std::min(dotted.find('.', begin), dotted.size());
      writer.u8(static_cast<std::uint8_t>(end - begin));
      writer.bytes(as_bytes(std::string_view(dotted).substr(begin, end - begin)));
      begin = end + 1;
    }
    return writer.u8(0).take();
  }

  static Bytes srv(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                   const std::string& target) {
    return Writer().u16(priority).u16(weight).u16(port).bytes(name(target)).take();
  }

  Task<void> serve_udp() {
    Bytes query(1500);
    for (;;) {
      boost::asio::ip::udp::endpoint from;
      const std::size_t size =
          co_await udp_.async_receive_from(boost::asio::buffer(query), from, boost::asio::use_awaitable);
      const Bytes reply = reply_to(BytesView(query).first(size), false);
      if (!reply.empty())
        co_await udp_.async_send_to(boost::asio::buffer(reply), from, boost::asio::use_awaitable);
    }
  }

  // One question a connection.
  Task<void> serve_tcp() {
    for (;;) {
      auto socket = co_await tcp_.async_accept(boost::asio::use_awaitable);
      Bytes size(2);
      co_await boost::asio::async_read(socket, boost::asio::buffer(size), boost::asio::use_awaitable);
      Bytes query(Reader(size).u16());
      co_await boost::asio::async_read(socket, boost::asio::buffer(query), boost::asio::use_awaitable);
      const Bytes reply = reply_to(query, true);
      const Bytes framed = Writer().u16(static_cast<std::uint16_t>(reply.size())).bytes(reply).take();
      co_await boost::asio::async_write(socket, boost::asio::buffer(framed), boost::asio::use_awaitable);
    }
  }

 private:
  template <class Transport>
  static typename Transport::endpoint loopback(std::uint16_t port) {
    return {boost::asio::ip::address_v4::loopback(), port};
  }

  Bytes reply_to(BytesView query, bool over_tcp) {
    Reader reader(query);
    const std::uint16_t id = reader.u16();
    reader.bytes(10);
    std::string dotted;
    for (std::uint8_t size = reader.u8(); size > 0 && reader.ok(); size = reader.u8())
      dotted += (dotted.empty() ? "" : ".") + to_text(reader.bytes(size));
    const std::uint16_t type = reader.u16();
    if (!reader.ok()) return {};
    asked.push_back(dotted + " " + std::to_string(type) + (over_tcp ? " tcp" : ""));

    const Behaviour behaviour = behaviours.contains(dotted) ? behaviours[dotted] : Behaviour::kAnswer;
    if (behaviour == Behaviour::kSilent) return {};
    const auto found = records.find(dotted);
    const bool answers = behaviour == Behaviour::kAnswer && found != records.end() && (over_tcp || !truncate);
    std::uint16_t flags = 0x8180;  // a response, recursion desired and available
    if (behaviour == Behaviour::kServerFailure) flags |= 2;
    if (behaviour == Behaviour::kRefuse) flags |= 5;
    if (behaviour == Behaviour::kAnswer && found == records.end()) flags |= 3;
    if (behaviour == Behaviour::kAnswer && truncate && !over_tcp) flags |= 0x0200;

    Writer reply;
    reply.u16(id).u16(flags).u16(1);
    if (behaviour == Behaviour::kGarbage)
      return reply.u16(7).u32(0).bytes(name(dotted)).u16(type).u16(1).take();
    reply.u16(answers ? static_cast<std::uint16_t>(found->second.size()) : 0).u32(0);
    reply.bytes(name(dotted)).u16(type).u16(1);
    std::string owner = dotted;
    for (std::size_t i = 0; answers && i < found->second.size(); ++i) {
      const Record& record = found->second[i];
      reply.bytes(name(owner)).u16(record.type).u16(1).u32(record.ttl);
      reply.u16(static_cast<std::uint16_t>(record.data.size())).bytes(record.data);
      if (record.type == kCname) owner = dotted_name(record.data);
    }
    return reply.take();
  }

  static std::string dotted_name(BytesView wire) {
    std::string dotted;
    Reader reader(wire);
    for (std::uint8_t size = reader.u8(); size > 0 && reader.ok(); size = reader.u8())
      dotted += (dotted.empty() ? "" : ".") + to_text(reader.bytes(size));
    return dotted;
  }

  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::acceptor tcp_;
};

}  // namespace warren::real
