import { getEventListeners, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CircuitBreaker } from '../../src/index.ts'
import { collect, heapInUse } from './heap.ts'

// Prints what thousands of calls leave behind on a signal that outlives them: bytes for each call, and
// listeners.

const CALLS = 20_000

const breaker = new CircuitBreaker()
const limited = new CircuitBreaker({ callTimeout: 60_000 })
const forgetful = (signal: AbortSignal): unknown => signal.addEventListener('abort', () => {})
const respond = (): Response => new Response(new ReadableStream())

const kinds: Record<string, (signal: AbortSignal) => unknown> = {
  run: (signal) => breaker.run(forgetful, { signal }),
  'run with a timeout': (signal) => breaker.run(forgetful, { signal, timeout: 60_000 }),
  'run without a parameter': () =>
    breaker.run((...args: AbortSignal[]) => forgetful(args[0] as never)),
  'a wrapped function': (signal) =>
    limited(async ({ signal: own }: { signal: AbortSignal }) => forgetful(own))({ signal }),
  'a response that is dropped': (signal) => breaker.run(respond, { signal }),
}

async function measure(call: (signal: AbortSignal) => unknown): Promise<unknown> {
  const { signal } = new AbortController()
  const many = async (calls: number): Promise<void> => {
    for (let i = 0; i < calls; i++) await call(signal)
  }
  await many(1_000)
  const before = await heapInUse()
  await many(CALLS)
  const listeners = (): number => getEventListeners(signal, 'abort').length
  // Finalizers run in turns of their own, when the engine has time for them.
  for (let i = 0; i === 0 || (listeners() > 0 && i < 20); i++) await collect()
  return {
    bytesEach: Math.round(((await heapInUse()) - before) / CALLS),
    listeners: listeners(),
  }
}

/** Whether an abort still reaches a body, of which nothing but a reader is left. */
async function reachesBody(
  open: (signal: AbortSignal) => Promise<{ readonly body: ReadableStream | null }>,
): Promise<boolean> {
  const caller = new AbortController()
  const { body } = await breaker.run(open, { signal: caller.signal })
  const reader = (body as ReadableStream).getReader()
  await reader.read()
  await collect()
  const end = reader.read().then(
    () => false,
    (reason: unknown) => reason === 'stop',
  )
  caller.abort('stop')
  return end
}

/** Gives one item, and then nothing until it is aborted. */
async function openStream(signal: AbortSignal): Promise<{ body: ReadableStream }> {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue('first')
      signal.addEventListener('abort', () => controller.error(signal.reason))
    },
  })
  return { body }
}

const server = createServer((_, response) => void response.write('first')).listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const results: Record<string, unknown> = {
  'reaches a stream': await reachesBody(openStream),
  'reaches fetch': await reachesBody((signal) => fetch(url, { signal })),
}
for (const [name, call] of Object.entries(kinds)) results[name] = await measure(call)
process.stdout.write(JSON.stringify(results))
process.exit()
