// A stock js-libp2p node for Warren's interoperability tests: TCP and WebSocket with Noise (or TLS) and yamux, and
// QUIC, nothing else. Flags and lines on stdin drive it, JSON lines on stdout report. The line protocol, which Warren's own test
// peer and the Go one speak too, is written down in test/interop/README.md.

import { setMaxListeners } from 'node:events'

import { obey, runDial } from './commands.js'
import { emit, emitError } from './events.js'
import { startNode, stopNode, texts } from './node.js'
import { readOptions, usage } from './options.js'

// Exit statuses, the same as the other test peers have.
const DONE = 0
const FAILED = 1
const USAGE = 2

async function run(options, signal) {
  let node
  try {
    node = await startNode(options)
  } catch (error) {
    emitError('start', error)
    return FAILED
  }
  emit({ event: 'ready', peer_id: node.host.peerId.toString(), addresses: texts(node.host.getMultiaddrs()) })
  let status = DONE
  if (options.command === 'listen') {
    await obey(node, process.stdin, signal)
  } else if (!(await runDial(node, options, signal))) {
    status = FAILED
  } else if (options.hold) {
    emit({ event: 'done' })
    await obey(node, process.stdin, signal)
  }
  await stopNode(node)
  return status
}

async function main() {
  let options
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`peer: ${error.message}\n${usage}`)
    return USAGE
  }
  // Nothing may outlive its limit, not even a shutdown that hangs.
  setTimeout(() => process.exit(FAILED), (options.seconds + 5) * 1000)
  const signal = AbortSignal.timeout(options.seconds * 1000)
  setMaxListeners(0, signal) // every stream of an echo listens to it
  return run(options, signal)
}

process.exit(await main())
