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

  it.each([undefined, null, 'text', new Uint8Array(1), new URLSearchParams('a=b'), new FormData()])(
    'is nothing of a body that is there as a whole: %o',
    (body) => {
      const watched = watchBody(body)

      expect(watched.body).toBe(body)
      expect(watched.hasFailed()).toBe(false)
    },
  )
})
