#include "warren/broadcast/topic_sealer.hpp"

namespace warren {

TopicSealer::TopicSealer(Env& env, const Sm2PrivateKey& key, std::string network)
    : env_(env),
      key_(key),
      network_(std::move(network)),
      origin_{NodeId(key.public_key()), env.random.bytes<8>()} {}

Task<TopicSealer::Sealed> TopicSealer::seal(Draft draft) {
  const auto last = last_.find(draft.topic);
  Header header{.sender = key_.public_key().compressed(),
                .context = make_context(network_, draft.topic),
                .timestamp = draft.timestamp,
                .nonce = env_.random.bytes<16>(),
                .epoch = origin_.epoch,
                .seq = (last == last_.end() ? 0 : last->second) + 1,
                .kind = MessageKind::kBroadcast,
                .ttl = draft.ttl};
  auto work = [this, header = std::move(header), body = std::move(draft.payload)]() mutable {
    const SealedEnvelope sealed = seal_with_id(header, std::move(body), key_);
    return Sealed{sealed.id, header.seq, sealed.envelope.encode()};
  };
  co_return co_await env_.offload.run(std::move(work));
}

}  // namespace warren
