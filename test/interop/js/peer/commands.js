// What a peer is told to do, by flags and by lines on stdin.

import { createInterface } from 'node:readline'

import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'

import { echo } from './echo.js'
import { emit, emitError } from './events.js'
import { identifyEvent } from './identify.js'
import { bare, texts } from './node.js'
import { readNumber } from './options.js'

// Bounds of one command, far above what the tests ask for.
const ECHO_STREAMS_MAX = 512
const ECHO_BYTES_MAX = 2 ** 30
const PINGS_MAX = 1000

// Runs one thing within the step limit; reports its failure and says whether it succeeded.
async function step(node, name, runSignal, body) {
  const signal = AbortSignal.any([runSignal, AbortSignal.timeout(node.timeoutMs)])
  try {
    await body(signal)
    return true
  } catch (error) {
    emitError(name, error)
    return false
  }
}

// Connects and does what the flags ask for, in a fixed order, up to the first failure.
export async function runDial(node, options, runSignal) {
  let id
  const steps = [
    ['dial', true, async (signal) => { id = await connect(node, options.target, signal) }],
    ['identify', options.identify, (signal) => identify(node, id, signal)],
    ['ping', options.pings > 0, (signal) => ping(node, id, options.pings, signal)],
    ['echo', options.echoStreams > 0, (signal) =>
      echoEvent(node, id, options.echoStreams, options.echoBytes, signal)]
  ]
  for (const [name, wanted, body] of steps) {
    if (wanted && !(await step(node, name, runSignal, body))) return false
  }
  return true
}

async function connect(node, target, signal) {
  const start = performance.now()
  const connection = await node.host.dial(multiaddr(target), { signal })
  emit({
    event: 'connected',
    peer_id: connection.remotePeer.toString(),
    address: bare(connection.remoteAddr),
    security: connection.encryption,
    muxer: connection.multiplexer,
    ...(connection.limits && { relayed: true, limited: true }),
    ms: performance.now() - start
  })
  return connection.remotePeer
}

async function identify(node, id, signal) {
  emit(await identifyEvent(node, id, signal))
}

// The service's own result has whole milliseconds only. Each ping has a stream of its own, so this includes
// opening it.
async function ping(node, id, count, signal) {
  if (count > PINGS_MAX) throw new Error(`at most ${PINGS_MAX} pings`)
  for (let i = 0; i < count; i++) {
    existingConnection(node, id) // the service would dial
    const start = performance.now()
    await node.host.services.ping.ping(id, { signal })
    emit({ event: 'ping', peer_id: id.toString(), rtt_ms: performance.now() - start })
  }
}

async function echoEvent(node, id, streams, bytes, signal) {
  if (streams > ECHO_STREAMS_MAX || bytes > ECHO_BYTES_MAX) throw new Error('too many streams or bytes')
  const start = performance.now()
  await echo(existingConnection(node, id), streams, bytes, signal)
  emit({ event: 'echo', peer_id: id.toString(), streams, bytes, ok: true, ms: performance.now() - start })
}

function existingConnection(node, id) {
  const connection = node.host.getConnections(id).find(({ status }) => status === 'open')
  if (!connection) throw new Error(`not connected to ${id}`)
  return connection
}

// Executes commands one after the other until "quit", the end of the lines, or the end of the run.
export async function obey(node, input, runSignal) {
  const lines = createInterface({ input, signal: runSignal })
  for await (const line of lines) {
    const words = line.split(/\s+/).filter(Boolean)
    if (words.length === 1 && words[0] === 'quit') return
    if (words.length > 0) await step(node, words[0], runSignal, (signal) => obeyOne(node, words, signal))
    if (runSignal.aborted) return
  }
}

async function obeyOne(node, words, signal) {
  const [name, peer, ...rest] = words
  if (name === 'connect' && peer && rest.length === 0) return connect(node, peer, signal)
  if (name === 'addresses' && !peer) {
    return emit({ event: 'addresses', addresses: texts(node.host.getMultiaddrs()) })
  }
  const numbers = rest.map((word) => readNumber(word, 1))
  const id = peer === undefined ? undefined : peerIdFromString(peer)
  const form = id && `${name} ${numbers.length}`
  if (form === 'identify 0') return identify(node, id, signal)
  if (form === 'ping 0') return ping(node, id, 1, signal)
  if (form === 'ping 1') return ping(node, id, numbers[0], signal)
  if (form === 'echo 2') return echoEvent(node, id, numbers[0], numbers[1], signal)
  throw new Error(`unknown or incomplete command ${JSON.stringify(words.join(' '))}`)
}
