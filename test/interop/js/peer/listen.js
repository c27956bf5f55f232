// What the peers with one command, listen, have in common: the command line, a host on loopback, and lines on stdin that
// are answered by events.

import { setMaxListeners } from 'node:events'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

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

const COMMON = {
  addr: { type: 'string', default: '/ip4/127.0.0.1/tcp/0' },
  seconds: { type: 'string', default: '120' },
  timeout: { type: 'string', default: '30' }
}

function readOptions(words, own) {
  const [command, ...rest] = words
  if (command !== 'listen') throw new Error('the only command is listen')
  const { values } = parseArgs({ args: rest, options: { ...COMMON, ...own } })
  const seconds = readNumber(values.seconds, 1, 1_000_000)
  return { ...values, seconds, timeoutMs: 1000 * readNumber(values.timeout, 1, 1_000_000) }
}

// The stock options, but for what stock does against addresses that are not public: all is on loopback.
export function createHost(addr, services) {
  return createLibp2p({
    addresses: { listen: [addr] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { abortConnectionOnPingFailure: false },
    // Stock takes 5 connections a second from one host, and here all peers are one.
    connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify(), ping: ping(), ...services }
  })
}

export function readyEvent(host) {
  return { event: 'ready', peer_id: host.peerId.toString(), addresses: host.getMultiaddrs().map(String) }
}

export async function connect(host, signal, address) {
  const connection = await host.dial(multiaddr(address), { signal })
  return { event: 'connected', peer_id: connection.remotePeer.toString() }
}

async function obey(node, commands, options, runSignal) {
  for await (const line of createInterface({ input: process.stdin, signal: runSignal })) {
    const [name, ...words] = line.split(/\s+/).filter(Boolean)
    if (name === undefined) continue
    if (name === 'quit') return
    try {
      if (!Object.hasOwn(commands, name)) throw new Error(`unknown command ${JSON.stringify(name)}`)
      const signal = AbortSignal.any([runSignal, AbortSignal.timeout(options.timeoutMs)])
      setMaxListeners(0, signal)
      emit(await commands[name](node, signal, ...words))
    } catch (error) {
      emitError(name, error)
    }
  }
}

// Runs a peer to its exit status. `flags` are its own ones beside the common; `start(options, signal)` gives its node,
// with a `host`, and the `ready` event; each of `commands` takes (node, signal, ...words) and gives the answer.
export async function listen({ name, usage, flags, start, commands }) {
  let options
  try {
    options = readOptions(process.argv.slice(2), flags)
  } catch (error) {
    process.stderr.write(`${name}: ${error.message}\n${usage}`)
    return USAGE
  }
  // Nothing may outlive its limit, not even a shutdown that hangs.
  setTimeout(() => process.exit(1), (options.seconds + 5) * 1000)
  const signal = AbortSignal.timeout(options.seconds * 1000)
  setMaxListeners(0, signal)
  const node = await start(options, signal)
  emit(node.ready)
  await obey(node, commands, options, signal)
  await Promise.race([node.host.stop(), new Promise((resolve) => setTimeout(resolve, STOP_MS))])
  return 0
}
