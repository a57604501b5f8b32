import { expect, it } from 'vitest'
import { canRun, runProgram } from './program.ts'

it.runIf(canRun)(
  'a hundred breakers have one timer for each duration in use, and none at rest',
  async ({ signal }) => {
    expect(await runProgram(signal, 'timers-program')).toEqual({
      new: { timers: 0, inFlight: 0 },
      used: { timers: 0, inFlight: 0 },
      'in flight': { timers: 3, inFlight: 1000 },
      answered: { timers: 0, inFlight: 0 },
      hanging: { timers: 1, inFlight: 300 },
      'timed out': { timers: 0, inFlight: 0 },
      'in flight again': { timers: 3, inFlight: 200 },
      aborted: { timers: 0, inFlight: 0 },
      open: { timers: 0, inFlight: 0 },
    })
  },
  20_000,
)
