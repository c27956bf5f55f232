#include "warren/messaging/sealer.hpp"

namespace warren {

Sealer::Sealer(Env& env, const Sm2PrivateKey& key, std::string network)
    : env_(env), key_(key), network_(std::move(network)), book_([&env] { return env.random.bytes<8>(); }) {}

Sealer::OnTheWay::~OnTheWay() {
  if (!sealer_) return;
  sealer_->book_.done(ticket_);
  sealer_->given_back_.notify_all();
}

Task<Sealer::Sealed> Sealer::seal(Draft draft) {
  const NodeKey recipient = draft.recipient.key_bytes();
  auto ticket = book_.take(recipient);
  while (!ticket) {
    co_await given_back_.wait();
    ticket = book_.take(recipient);
  }
  OnTheWay on_the_way(*this, *ticket);
  Header header{.sender = key_.public_key().compressed(),
                .recipient = recipient,
                .context = make_context(network_, draft.protocol),
                .timestamp = draft.timestamp,
                .nonce = env_.random.bytes<16>(),
                .epoch = ticket->epoch,
                .seq = ticket->seq,
                .kind = draft.kind,
                .reply_to = draft.reply_to};
  struct Signed {
    MessageId id;
    Bytes wire;
  };
  auto work = [this, header = std::move(header), body = std::move(draft.body)]() mutable {
    const SealedEnvelope sealed = seal_with_id(header, std::move(body), key_);
    return Signed{sealed.id, sealed.envelope.encode()};
  };
  auto result = co_await env_.offload.run(std::move(work));
  co_return Sealed{result.id, std::move(result.wire), std::move(on_the_way)};
}

}  // namespace warren
