import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { watchBody } from './request-body.ts'

describe('what is watched', () => {
  it('is a stream that has failed before it was sent', async () => {
    const stream = Readable.from([])
    stream.on('error', () => {})
    stream.destroy(new Error('gone'))

    expect(watchBody(stream).hasFailed()).toBe(true)
  })

  it('is a stream of an older version as well, which is sent as it is', () => {
    const stream = Object.assign(new EventEmitter(), { pipe() {}, [Symbol.asyncIterator]() {} })
    const { body, hasFailed } = watchBody(stream)
    const before = hasFailed()
    stream.emit('error', new Error('gone'))

    expect(body).toBe(stream)
    expect([before, hasFailed()]).toEqual([false, true])
  })

  it.each([undefined, null, 'text', new Uint8Array(1), new URLSearchParams('a=b'), new FormData()])(
    'is nothing of a body that is there as a whole: %o',
    (body) => {
      const watched = watchBody(body)

      expect(watched.body).toBe(body)
      expect(watched.hasFailed()).toBe(false)
    },
  )
})
