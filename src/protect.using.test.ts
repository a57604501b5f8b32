import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createBreaker, reasonOf } from '../test/helpers/public.ts'
import { CircuitOpenError } from './errors.ts'
import { protect } from './index.ts'

// By engines themselves, which are stricter than what compilers make of it for older ones.
const AsyncFunction = (async () => {}).constructor as FunctionConstructor
const use = new Function('value', 'read', '{ using used = value; return read?.(used) }')
const useAwaited = new AsyncFunction(
  'value',
  'read',
  '{ await using used = value; return await read?.(used) }',
)

class Connection {
  #open = true
  async query() {
    return this.#open
  }
  isOpen() {
    return this.#open
  }
  [Symbol.dispose]() {
    this.#open = false
  }
  async [Symbol.asyncDispose]() {
    this.#open = false
  }
}

describe('using', () => {
  it('disposes of a guarded client, with its private fields', () => {
    const connection = new Connection()

    use(protect(connection, createBreaker().breaker))

    expect(connection.isOpen()).toBe(false)
  })

  it('disposes of what a method of one has returned', async () => {
    const connection = new Connection()
    const pool = protect({ connect: async () => connection }, createBreaker().breaker)

    const answer = await useAwaited(await pool.connect(), (used: Connection) => used.query())

    expect(answer).toBe(true)
    expect(connection.isOpen()).toBe(false)
  })

  it('disposes of a stream that one has returned', async () => {
    let ended = false
    const client = protect(
      {
        async *rows() {
          try {
            yield 1
            yield 2
          } finally {
            ended = true
          }
        },
      },
      createBreaker().breaker,
    )

    const first = await useAwaited(client.rows(), (rows: AsyncGenerator<number>) => rows.next())

    expect(first).toEqual({ done: false, value: 1 })
    expect(ended).toBe(true)
  })

  it.each([
    ['of Node', () => Readable.from(['a'])],
    [
      'of a generator',
      async function* () {
        yield 'a'
      },
    ],
  ])('tells of a rejected stream %s that the circuit is open', async (_, create) => {
    const breaker = createBreaker().breaker
    const stream = breaker.stream(create as () => AsyncIterable<string>)
    for await (const _item of stream());
    breaker.trip()

    const reason = await reasonOf(
      useAwaited(stream(), async (used: AsyncIterable<string>) => {
        for await (const _item of used);
      }),
    )

    expect(reason).toBeInstanceOf(CircuitOpenError)
  })

  it('may leave alone a rejected stream of which nothing is known', async () => {
    const breaker = createBreaker().breaker
    breaker.trip()

    const result = useAwaited(breaker.stream(() => Readable.from(['a']))())

    await expect(result).resolves.toBeUndefined()
  })
})
