import { queryObjects } from 'node:v8'
import { expect, it } from 'vitest'
import { succeed } from '../../../test/helpers/public.ts'
import { CircuitRegistry } from '../../index.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { Recorder } from './recorder.ts'
import { Recording } from './recording.ts'

it('keeps nothing of breakers that the registry has removed, however many come and go', async () => {
  const clock = new ManualClock()
  const registry = new CircuitRegistry({ maxSize: 20, defaults: { clock } })
  const recorder = new Recorder(registry, clock, 1e6)
  const before = queryObjects(Recording, { format: 'count' })

  for (let i = 0; i < 2_000; i++) {
    await succeed(registry.breaker(`visitor ${i}`))
    if (i % 10 === 0) await clock.advance(5_000)
  }

  // Those that were there at the last step, and those that came with it.
  expect(queryObjects(Recording, { format: 'count' }) - before).toBeLessThan(60)
  recorder.close()
})
