import { PassThrough, Readable } from 'node:stream'
import { CircuitBreaker } from '../../src/index.ts'

// Takes streams in many ways, reads a part of them and drops them; prints what is still in flight.

const collect = globalThis.gc as () => void

async function* endless(): AsyncGenerator<string> {
  for (;;) yield 'a'
}

function web(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.enqueue('a') })
}

const iterable = (): AsyncIterable<string> => ({ [Symbol.asyncIterator]: endless })

/** Each in a function of its own, so that no variable keeps its stream. */
const drops: Record<string, (breaker: CircuitBreaker) => unknown> = {
  generator: (breaker) => breaker.stream(endless)().next(),
  iterable: (breaker) => breaker.stream(iterable)()[Symbol.asyncIterator]().next(),
  promised: async (breaker) => {
    const stream = await breaker.stream(async () => iterable())()
    await stream[Symbol.asyncIterator]().next()
  },
  web: (breaker) => breaker.stream(web)().getReader().read(),
  'web, piped': async (breaker) => {
    const piped = breaker.stream(web)().pipeThrough(new TransformStream())
    await piped.getReader().read()
  },
  'stream of Node': (breaker) =>
    breaker
      .stream(() => Readable.from(endless()))()
      [Symbol.asyncIterator]()
      .next(),
  'stream of Node, paused': async (breaker) => {
    const stream = breaker.stream(() => Readable.from(endless()))()
    await new Promise<void>((resolve) => {
      stream.once('data', () => {
        stream.pause()
        resolve()
      })
    })
  },
  'stream of Node, piped to what is full': async (breaker) => {
    const full = new PassThrough({ highWaterMark: 1 })
    breaker
      .stream(() => Readable.from(endless()))()
      .pipe(full)
    await new Promise((resolve) => setImmediate(resolve))
  },
  'read late': async (breaker) => {
    const stream = breaker.stream(iterable)()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await stream[Symbol.asyncIterator]().next()
  },
}

const kept = new CircuitBreaker()
const held = kept.stream(endless)()
await held.next()

const lost: string[] = []
for (const [name, drop] of Object.entries(drops)) {
  const breaker = new CircuitBreaker({ maxConcurrent: 5 })
  for (let i = 0; i < 20; i++) await drop(breaker)
  for (let i = 0; i < 50 && breaker.snapshot().inFlight > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    collect()
  }
  const { inFlight, counts } = breaker.snapshot()
  if (inFlight > 0 || counts.failure > 0 || counts.success < 20) lost.push(name)
}
console.log(
  JSON.stringify({ lost, held: kept.snapshot().inFlight, item: (await held.next()).value }),
)
