// A stock js-libp2p node with a stock @libp2p/gossipsub, for Warren's interoperability tests. Lines on stdin drive it,
// JSON lines on stdout report; test/interop/README.md, "The peers of topics", has the lines.

import { createHash, randomBytes } from 'node:crypto'

import { gossipsub } from '@libp2p/gossipsub'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'

import { connect, createHost, listen, readyEvent } from './listen.js'
import { readNumber } from './options.js'

const POLL_MS = 10
const PAYLOAD_MAX = 2 ** 24

const usage = `usage:
  pubsub listen [--addr MULTIADDR] [--gossip-only] [--own-ids] [--seconds N] [--timeout N]
--gossip-only keeps the mesh empty; --own-ids names messages as js-libp2p does, and not as the specification does
`

// Stock has the public key in place of the PeerID here, which no other implementation has.
function specifiedId({ from, sequenceNumber }) {
  const seqno = Buffer.alloc(8)
  seqno.writeBigUInt64BE(sequenceNumber)
  return Buffer.concat([from.toMultihash().bytes, seqno])
}

const TOPIC_SCORES = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 1,
  firstMessageDeliveriesDecay: 0.97,
  firstMessageDeliveriesCap: 50,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -100,
  invalidMessageDeliveriesDecay: 0.99
})

// All peers of a test have one address.
const SCORES = {
  IPColocationFactorWhitelist: new Set(['127.0.0.1']),
  behaviourPenaltyWeight: -10,
  behaviourPenaltyThreshold: 2,
  behaviourPenaltyDecay: 0.98
}

const THRESHOLDS = {
  gossipThreshold: -100,
  publishThreshold: -200,
  graylistThreshold: -400,
  acceptPXThreshold: 10,
  opportunisticGraftThreshold: 2
}

function pubsubOptions(options) {
  const emptyMesh = { D: 0, Dlo: 0, Dhi: 0, Dscore: 0, Dout: 0, floodPublish: false }
  return {
    globalSignaturePolicy: 'StrictSign',
    emitSelf: true,
    allowPublishToZeroTopicPeers: true,
    fallbackToFloodsub: true,
    scoreParams: SCORES,
    scoreThresholds: THRESHOLDS,
    ...(options['own-ids'] ? {} : { msgIdFn: specifiedId }),
    ...(options['gossip-only'] ? emptyMesh : {})
  }
}

const hash = (data) => createHash('sha256').update(data).digest('hex')

// The node, and the messages that nobody has been told of.
class Node {
  constructor(host) {
    this.host = host
    this.ready = readyEvent(host)
    this.pubsub = host.services.pubsub
    this.received = []
    this.pubsub.addEventListener('message', ({ detail: { from, data } }) => {
      this.received.push({ from: from.toString(), hash: hash(data), size: data.length })
    })
  }
}

const COMMANDS = {
  connect: ({ host }, signal, address) => connect(host, signal, address),
  async subscribe({ pubsub }, signal, topic) {
    pubsub.score.params.topics[topic] = TOPIC_SCORES
    pubsub.subscribe(topic)
    return { event: 'subscribed' }
  },
  async publish({ pubsub }, signal, topic, size) {
    const data = new Uint8Array(randomBytes(readNumber(size, 0, PAYLOAD_MAX)))
    await pubsub.publish(topic, data)
    return { event: 'published', hash: hash(data) }
  },
  // Waits for so many messages.
  async received(node, signal, count) {
    const least = readNumber(count, 0)
    while (node.received.length < least) {
      if (signal.aborted) throw new Error(`${node.received.length} messages, not ${least}`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    const messages = node.received
    node.received = []
    return { event: 'received', messages }
  },
  async peers({ pubsub }, signal, topic) {
    const peers = pubsub.getSubscribers(topic).map(String).map((id) => ({
      peer_id: id,
      protocol: pubsub.streamsOutbound.get(id)?.protocol ?? '',
      mesh: pubsub.mesh.get(topic)?.has(id) ?? false,
      score: pubsub.score.score(id)
    }))
    return { event: 'peers', peers }
  }
}

const flags = {
  'gossip-only': { type: 'boolean', default: false },
  'own-ids': { type: 'boolean', default: false }
}

async function start(options) {
  return new Node(await createHost(options.addr, { pubsub: gossipsub(pubsubOptions(options)) }))
}

process.exit(await listen({ name: 'pubsub', usage, flags, start, commands: COMMANDS }))
