import { describe, it } from 'vitest'
import type { Operation } from './operations.ts'
import { Pair } from './pair.ts'
import type { ModelSettings } from './settings.ts'

/** Opens at the first failure, for 100 ms; a probe has 100 ms. */
const SETTINGS: ModelSettings = {
  consecutiveFailures: 1,
  failureCount: undefined,
  failureRate: undefined,
  slowCallRate: undefined,
  openTime: 100,
  successes: 1,
  probes: 1,
  concurrent: 1,
  probeTimeout: 100,
  maxConcurrent: Infinity,
  history: 3,
}

const failing: Operation = { do: 'call', heard: { outcome: 'failure' } }
const succeeding: Operation = { do: 'call', heard: { outcome: 'success' } }
const toDue: Operation = { do: 'clock', step: { toDue: 0 } }
const admit: Operation = { do: 'admit' }
const trip: Operation = { do: 'trip' }

const savedAndContinued: Operation = { do: 'continue', reading: 0 }

function after(ms: number): Operation {
  return { do: 'clock', step: { by: ms } }
}

const reconfigured: Operation = { do: 'configure', patch: {} }

interface CounterExample {
  readonly finds: string
  readonly settings?: Partial<ModelSettings>
  readonly operations: readonly Operation[]
}

/** Each made the machine and the model differ once, as small as the search could make it. */
const counterExamples: readonly CounterExample[] = [
  {
    finds: 'a time to wait while forced closed, when calls pass',
    operations: [{ do: 'force', mode: 'forced-closed' }, failing],
  },
  {
    finds: 'a time to wait while disabled, when calls pass',
    operations: [failing, { do: 'force', mode: 'disabled' }],
  },
  {
    finds: 'calls that have left a window by time, and come back when it is laid out again',
    settings: {
      consecutiveFailures: undefined,
      failureRate: { threshold: 0.25, minimumCalls: 3, window: { duration: 100 } },
    },
    operations: [
      after(1),
      failing,
      savedAndContinued,
      succeeding,
      after(99),
      reconfigured,
      failing,
      failing,
    ],
  },
  {
    finds: 'a probe that is never given up, since another has closed the circuit before',
    settings: { concurrent: 2, maxConcurrent: 1 },
    operations: [
      failing,
      toDue,
      admit,
      admit,
      { do: 'settle', which: 0, heard: { outcome: 'success' } },
      after(100),
      succeeding,
    ],
  },
  {
    finds: 'a probe given up or not, depending on a read between two deadlines',
    settings: { concurrent: 2 },
    operations: [trip, toDue, admit, after(10), admit, after(95), admit, after(95), admit],
  },
  {
    finds: 'a transition that an override enforces whose time is up',
    operations: [{ do: 'force', mode: 'forced-open', lasts: 1 }, after(3_600_000), trip],
  },
  {
    finds: 'a transition that came before an override, and is not enforced',
    operations: [
      failing,
      toDue,
      admit,
      after(150),
      { do: 'force', mode: 'disabled' },
      after(1_000),
      admit,
    ],
  },
  {
    finds: "the server's own word forgotten when an open circuit is saved",
    operations: [
      { do: 'call', heard: { outcome: 'failure', retryAfter: 500 } },
      savedAndContinued,
      { do: 'configure', patch: { openTime: 1 } },
    ],
  },
  {
    finds: 'calls of a window by time that grow older with every saving',
    settings: {
      consecutiveFailures: undefined,
      failureRate: { threshold: 1, minimumCalls: 2, window: { duration: 100 } },
    },
    operations: [
      after(5),
      failing,
      ...Array.from({ length: 12 }, (): Operation[] => [after(1), savedAndContinued]).flat(),
      failing,
    ],
  },
]

describe('the machine and the reference model agree where a search once found', () => {
  it.each(counterExamples)('$finds', ({ settings, operations }) => {
    const pair = new Pair({ ...SETTINGS, ...settings }, 0.5)

    for (const operation of operations) pair.run(operation)
  })
})
