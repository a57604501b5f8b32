import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { createBreaker } from '../test/helpers/public.ts'
import { protect } from './index.ts'

it('lets a probe open a stream of the same client', async () => {
  const { breaker } = createBreaker()
  const client = protect({ rows: (): Readable => Readable.from(['row']) }, breaker)
  const read = async (): Promise<unknown[]> => client.rows().toArray()
  // What the method returns is known from then on.
  await read()
  breaker.trip()
  breaker.halfOpen()

  expect(await breaker.run(read)).toEqual(['row'])
})
