// Pubsub's RPCs and Messages: what is read is bounded and borrows from the frame, is written to what is read
// the same, also in parts; and nobody's message is taken for signed by chance.

#include "warren/base/assert.hpp"
#include "warren/base/varint.hpp"
#include "warren/protocols/pubsub/wire/message.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"

namespace warren::pubsub {
namespace {

std::size_t entries(const Rpc& rpc) {
  const Control& control = rpc.control;
  std::size_t count = rpc.subscriptions.size() + rpc.messages.size() + control.iwant.size() +
                      control.graft.size() + control.idontwant.size();
  for (const IHave& have : control.ihave) count += 1 + have.ids.size();
  for (const Prune& prune : control.prune) count += 1 + prune.peers.size();
  return count;
}

BytesView content(const Frame& frame) {
  const auto size = decode_varint(*frame);
  WARREN_ASSERT(size.has_value() && frame->size() == size->size + size->value);
  return BytesView(*frame).subspan(size->size);
}

void check(const Rpc& rpc, std::size_t size) {
  const RpcLimits limits;
  const std::size_t count = entries(rpc);
  WARREN_ASSERT(count <= limits.entries_max && count <= size / 2);

  const Frame frame = write_rpc(rpc);
  const auto again = read_rpc(content(frame), {.size_max = frame->size()});
  WARREN_ASSERT(again.has_value() && entries(*again) == count && *write_rpc(*again) == *frame);

  std::size_t in_parts = 0;
  for (const Frame& part : write_split(rpc, 64)) {
    const auto read = read_rpc(content(part), {.size_max = part->size()});
    WARREN_ASSERT(read.has_value() && !read->empty());
    in_parts += entries(*read);
  }
  WARREN_ASSERT(in_parts >= count);  // an IHAVE in two parts counts twice
}

bool is_part_of(BytesView part, BytesView whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_message(BytesView bytes) {
  const auto message = read_message(bytes);
  if (!message) return;
  for (const BytesView field :
       {message->from, message->data, message->seqno, message->signature, message->key}) {
    WARREN_ASSERT(is_part_of(field, bytes));
  }
  const auto author = check_author(*message);
  if (!author) WARREN_ASSERT(!verify_message(*message));
  if (author && verify_message(*message)) {
    // The seeds' author; nobody else's signature was found.
    WARREN_ASSERT(message->topic == "topic" && message->data.size() <= 4);
  }
  const Frame frame = message_frame(bytes);
  const auto rpc = read_rpc(content(frame), {.size_max = frame->size()});
  WARREN_ASSERT(rpc.has_value() && rpc->messages.size() == 1 && equal(rpc->messages[0], bytes));
}

}  // namespace
}  // namespace warren::pubsub

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::pubsub;
  const BytesView bytes(data, size);
  check_message(bytes);
  if (const auto rpc = read_rpc(bytes)) {
    check(*rpc, size);
    for (const BytesView message : rpc->messages) check_message(message);
  }
  return 0;
}
