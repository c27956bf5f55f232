// The echo protocol, both sides.

import { createCipheriv, createHash } from 'node:crypto'

import { byteStream } from '@libp2p/utils'

import { ECHO_PROTOCOL } from './node.js'

const CHUNK = 64 * 1024
// What has to come back on all streams before any of them goes on.
const FIRST_BYTES = 1024

// Returns every byte until the peer closes its side, then closes its own. While the peer does not take what
// comes back, nothing more is read.
export function serveEcho(stream) {
  const fail = (error) => stream.abort(error)
  const resume = () => {
    if (stream.readStatus === 'paused') stream.resume() // else the last byte has been read
  }
  const onMessage = ({ data }) => {
    if (stream.send(data) || stream.readStatus !== 'readable') return
    stream.pause()
    stream.onDrain().then(resume).catch(fail)
  }
  const onEnd = () => stream.close().catch(fail)
  stream.addEventListener('message', onMessage)
  stream.addEventListener('end', onEnd, { once: true })
  // All may have arrived while the protocol was negotiated: the listener above gets it in a microtask, which is first.
  if (stream.readableEnded) queueMicrotask(onEnd)
}

// Opens all the streams at once on the connection, sends a different random payload on each, and checks what
// comes back, up to the end of the stream. No stream may finish before the first bytes have come back on all,
// so that they are open together.
export async function echo(connection, streams, size, stepSignal) {
  const failure = new AbortController()
  const signal = AbortSignal.any([stepSignal, failure.signal])
  const allFirst = Promise.withResolvers()
  let waiting = streams
  const firstBytes = () => {
    if (--waiting === 0) allFirst.resolve()
    return allFirst.promise
  }
  signal.addEventListener('abort', () => allFirst.reject(signal.reason))
  allFirst.promise.catch(() => {}) // nobody may be waiting
  const each = Array.from({ length: streams }, async (_, index) => {
    try {
      await echoOne(connection, index, size, firstBytes, signal)
    } catch (error) {
      failure.abort(new Error(`stream ${index}: ${error.message}`)) // the others need not go on
    }
  })
  await Promise.all(each)
  signal.throwIfAborted()
}

async function echoOne(connection, index, size, firstBytes, signal) {
  const stream = await connection.newStream(ECHO_PROTOCOL, { signal, runOnLimitedConnection: true })
  const stop = () => stream.abort(signal.reason)
  signal.addEventListener('abort', stop)
  try {
    await Promise.all([send(stream, index, size, signal), check(stream, index, size, firstBytes, signal)])
  } catch (error) {
    stream.abort(error)
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function send(stream, index, size, signal) {
  const next = payload(index)
  for (let done = 0; done < size; done += CHUNK) {
    if (!stream.send(next(Math.min(CHUNK, size - done)))) await stream.onDrain({ signal })
  }
  await stream.close({ signal }) // the writing side only
}

async function check(stream, index, size, firstBytes, signal) {
  const next = payload(index)
  // It takes in whatever comes, also while the other streams wait for their first bytes.
  const bytes = byteStream(stream, { maxBufferSize: size + CHUNK })
  for (let done = 0; done < size; ) {
    const count = Math.min(done === 0 ? FIRST_BYTES : CHUNK, size - done)
    const got = await bytes.read({ bytes: count, signal })
    if (!next(count).equals(got.subarray())) {
      throw new Error(`wrong bytes came back within [${done}, ${done + count})`)
    }
    if (done === 0) await firstBytes()
    done += count
  }
  const more = await bytes.read({ signal })
  if (more !== null) throw new Error(`no end of stream after ${size} bytes: ${more.byteLength} more`)
}

// An endless random sequence, another one for each stream, the same at every run: a function that returns its
// next bytes.
function payload(index) {
  const key = createHash('sha256').update(`echo payload ${index}`).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return (count) => cipher.update(Buffer.alloc(count))
}
