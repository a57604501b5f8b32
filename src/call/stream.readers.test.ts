import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'

function letters(): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const letter of 'abc') controller.enqueue(letter)
      controller.close()
    },
  })
}

async function collect(stream: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

async function readAll(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = ''
  for (let value = await reader.read(); !value.done; value = await reader.read())
    text += value.value
  return text
}

/** Where a stream can be written to. */
function sink(): { writable: WritableStream<string>; text: () => string } {
  let text = ''
  const write = (chunk: string): void => {
    text += chunk
  }
  return { writable: new WritableStream({ write }), text: () => text }
}

async function piped(stream: ReadableStream<string>): Promise<string> {
  const { writable, text } = sink()
  await stream.pipeTo(writable)
  return text()
}

const web: [string, (stream: ReadableStream<string>) => Promise<string>][] = [
  ['getReader', (stream) => readAll(stream.getReader())],
  ['tee', (stream) => collect(stream.tee()[0])],
  ['pipeTo', piped],
  ['pipeThrough', (stream) => collect(stream.pipeThrough(new TransformStream()))],
  ['values', (stream) => collect(stream.values({ preventCancel: true }))],
]

const node: [string, (stream: Readable) => Promise<string>][] = [
  ['pipe', (stream) => collect(stream.pipe(new PassThrough({ encoding: 'utf8' })))],
  ['on("data")', heard],
  ['toArray', async (stream) => (await stream.toArray()).join('')],
  ['forEach', each],
]

async function each(stream: Readable): Promise<string> {
  const chunks: string[] = []
  await stream.forEach((chunk) => void chunks.push(chunk))
  return chunks.join('')
}

/** By listening, in the chain that is usual. */
async function heard(stream: Readable): Promise<string> {
  const chunks: string[] = []
  stream.on('error', () => {}).on('data', (chunk) => chunks.push(chunk))
  await once(stream, 'end')
  return chunks.join('')
}

describe('a guarded ReadableStream', () => {
  it.each(web)('succeeds by its end when it is read by %s', async (_, read) => {
    const { breaker } = createBreaker()

    const text = read(breaker.stream(letters)())
    const { inFlight } = breaker.snapshot()

    expect(await text).toBe('abc')
    expect(inFlight).toBe(1)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1, cancelled: 0 } })
  })

  it('keeps the permit while it is iterated, whatever else is looked at', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(letters)()
    const iterator = stream[Symbol.asyncIterator]()

    await iterator.next()
    const locked = [stream.locked, typeof stream.getReader, breaker.snapshot().inFlight]
    await iterator.return?.()

    expect(locked).toEqual([true, 'function', 1])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })
})

describe('a guarded stream of Node', () => {
  it.each(node)('succeeds by its end when it is read by %s', async (_, read) => {
    const { breaker } = createBreaker()

    expect(await read(breaker.stream(() => Readable.from(['ab', 'c']))())).toBe('abc')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1, cancelled: 0 } })
  })

  it('keeps its permit while its errors are listened to and it is iterated', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(() => Readable.from(['ab', 'c']))()

    const listened = stream.on('error', () => {}).once('close', () => {})

    expect(listened).toBe(stream)
    expect(await collect(stream)).toBe('abc')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })
})
