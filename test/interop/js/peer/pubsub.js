// A stock js-libp2p node with a stock @libp2p/gossipsub, for Warren's interoperability tests. Lines on stdin drive it,
// JSON lines on stdout report; test/interop/README.md, "The peers of topics", has the lines.

import { createHash, randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { gossipsub } from '@libp2p/gossipsub'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

import { emit, emitError } from './events.js'
import { readNumber } from './options.js'

const USAGE = 2
const STOP_MS = 3000
const POLL_MS = 10
const PAYLOAD_MAX = 2 ** 24

const usage = `usage:
  pubsub listen [--addr MULTIADDR] [--gossip-only] [--own-ids] [--seconds N] [--timeout N]
--gossip-only keeps the mesh empty; --own-ids names messages as js-libp2p does, and not as the specification does
`

function readOptions(words) {
  const [command, ...rest] = words
  if (command !== 'listen') throw new Error('the only command is listen')
  const { values } = parseArgs({
    args: rest,
    options: {
      addr: { type: 'string', default: '/ip4/127.0.0.1/tcp/0' },
      'gossip-only': { type: 'boolean', default: false },
      'own-ids': { type: 'boolean', default: false },
      seconds: { type: 'string', default: '120' },
      timeout: { type: 'string', default: '30' }
    }
  })
  const seconds = readNumber(values.seconds, 1, 1_000_000)
  return { ...values, seconds, timeoutMs: 1000 * readNumber(values.timeout, 1, 1_000_000) }
}

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

function createHost(options) {
  return createLibp2p({
    addresses: { listen: [options.addr] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { abortConnectionOnPingFailure: false },
    // Stock takes 5 connections a second from one host, and here all peers are one.
    connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify(), ping: ping(), pubsub: gossipsub(pubsubOptions(options)) }
  })
}

const hash = (data) => createHash('sha256').update(data).digest('hex')

// The node, and the messages that nobody has been told of.
class Node {
  constructor(host) {
    this.host = host
    this.pubsub = host.services.pubsub
    this.received = []
    this.pubsub.addEventListener('message', ({ detail: { from, data } }) => {
      this.received.push({ from: from.toString(), hash: hash(data), size: data.length })
    })
  }
}

const COMMANDS = {
  async connect({ host }, signal, address) {
    const connection = await host.dial(multiaddr(address), { signal })
    return { event: 'connected', peer_id: connection.remotePeer.toString() }
  },
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

async function obey(node, options, runSignal) {
  for await (const line of createInterface({ input: process.stdin, signal: runSignal })) {
    const [name, ...words] = line.split(/\s+/).filter(Boolean)
    if (name === undefined) continue
    if (name === 'quit') return
    try {
      if (!Object.hasOwn(COMMANDS, name)) throw new Error(`unknown command ${JSON.stringify(name)}`)
      const signal = AbortSignal.any([runSignal, AbortSignal.timeout(options.timeoutMs)])
      setMaxListeners(0, signal)
      emit(await COMMANDS[name](node, signal, ...words))
    } catch (error) {
      emitError(name, error)
    }
  }
}

async function main() {
  let options
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`pubsub: ${error.message}\n${usage}`)
    return USAGE
  }
  // Nothing may outlive its limit, not even a shutdown that hangs.
  setTimeout(() => process.exit(1), (options.seconds + 5) * 1000)
  const signal = AbortSignal.timeout(options.seconds * 1000)
  setMaxListeners(0, signal)
  const host = await createHost(options)
  const addresses = host.getMultiaddrs().map(String)
  emit({ event: 'ready', peer_id: host.peerId.toString(), addresses })
  await obey(new Node(host), options, signal)
  await Promise.race([host.stop(), new Promise((resolve) => setTimeout(resolve, STOP_MS))])
  return 0
}

process.exit(await main())
