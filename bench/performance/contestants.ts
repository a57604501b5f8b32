import {
  type Call,
  concurrent,
  concurrentFailing,
  fresh,
  MANY,
  manyCalls,
  sequential,
  sequentialFailing,
  streaming,
  synchronous,
} from './drivers.ts'
import {
  bare,
  type FloorSetup,
  handAsync,
  handStream,
  handSync,
  handThen,
  handTimeout,
} from './floors.ts'
import type { Contestant } from './rounds.ts'
import { type Action, CLOSED, type Scenario, type Setup, type Subject } from './subject.ts'

/** Contestants that meet in one table row: the subject is called `subject`. */
export interface Meeting {
  readonly mode: 'sequential' | 'concurrent'
  readonly unit: number
  readonly contestants: readonly Contestant[]
}

const floors = { bare, 'hand async': handAsync, 'hand then': handThen }

type Driver = (call: Call, calls: number) => unknown

function contestant(name: string, driver: Driver, call: Call): Contestant {
  const drive = fresh(driver)
  return { name, batch: (calls) => drive(call, calls) }
}

const succeeding = async (): Promise<unknown> => 1

/** 15 of 16 calls fail: one that never does would look open to some. */
function failing(): Action {
  const error = new Error('down')
  let calls = 0
  return async () => {
    calls = (calls + 1) & 15
    if (calls !== 0) throw error
  }
}

/** Everything that takes part in one scenario, each with an action and a driver of its own. */
export async function meetings(scenario: Scenario, subject: Subject): Promise<Meeting[]> {
  if (scenario === 'many') return [many(subject)]
  if (scenario === 'sync') return [sync(subject)]
  if (scenario === 'stream') return [stream(subject)]
  const open = scenario === 'open' || scenario === 'fallback'
  const fallback = scenario === 'fallback' ? (): number => 7 : undefined
  const action = (): Action => (scenario === 'failure' ? failing() : fresh(succeeding))
  const floor: FloorSetup = { open, fallback }
  const setup: Setup = {
    trips: open,
    fallback,
    timeout: scenario === 'timeout' ? 10_000 : undefined,
  }
  const guarded = open ? await opened(subject, setup) : subject.guard(action(), setup)
  const calls: [string, Action][] = [
    ['subject', guarded],
    ...Object.entries(floors).map(
      ([name, make]) => [name, fresh(make)(action(), floor)] as [string, Action],
    ),
  ]
  if (scenario === 'timeout') calls.push(['hand timeout', fresh(handTimeout)(action(), floor)])

  const throws = scenario === 'failure' || scenario === 'open'
  const one = throws ? sequentialFailing : sequential
  const thousand = throws ? concurrentFailing : concurrent
  return [
    {
      mode: 'sequential',
      unit: 16,
      contestants: calls.map(([name, call]) => contestant(name, one, call)),
    },
    {
      mode: 'concurrent',
      unit: 1_000,
      contestants: calls.map(([name, call]) => contestant(name, thousand, call)),
    },
  ]
}

/** A guarded function whose circuit has been opened by failures. */
async function opened(subject: Subject, setup: Setup): Promise<Action> {
  let ran = 0
  const guarded = subject.guard(async () => {
    ran++
    throw new Error('down')
  }, setup)
  for (let i = 0; i < 200; i++) {
    const before = ran
    await guarded().catch(() => {})
    if (ran === before) return guarded
    // Some want to see trouble for a while.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('the circuit did not open')
}

function many(subject: Subject): Meeting {
  const of = (guard: (action: Action) => Action): Call[] =>
    Array.from({ length: MANY }, () => guard(fresh(succeeding)))
  const closed: FloorSetup = { open: false, fallback: undefined }
  const calls: [string, Call[]][] = [
    ['subject', of((action) => subject.guard(action, CLOSED))],
    ...Object.entries(floors).map(([name, make]): [string, Call[]] => {
      const own = fresh(make)
      return [name, of((action) => own(action, closed))]
    }),
  ]
  return {
    mode: 'sequential',
    unit: MANY,
    contestants: calls.map(([name, functions]) => {
      const drive = fresh(manyCalls)
      return { name, batch: (times) => drive(functions, times) }
    }),
  }
}

/** In units of the asynchronous wrapper, as everything else: the bare call may cost nothing. */
function sync(subject: Subject): Meeting {
  const add = (): number => 1
  const none: FloorSetup = { open: false, fallback: undefined }
  const asynchronous = fresh(handAsync)(fresh(succeeding), none)
  return {
    mode: 'sequential',
    unit: 100,
    contestants: [
      contestant('subject', synchronous, subject.sync?.(fresh(add)) as Call),
      contestant('bare', synchronous, fresh(add)),
      contestant('hand sync', synchronous, fresh(handSync)(fresh(add))),
      contestant('hand async', sequential, asynchronous),
    ],
  }
}

function stream(subject: Subject): Meeting {
  async function* items(): AsyncGenerator<number> {
    for (let i = 0; i < 10; i++) yield i
  }
  const guarded = subject.stream?.(fresh(items)) as Call
  return {
    mode: 'sequential',
    unit: 4,
    contestants: [
      contestant('subject', streaming, guarded),
      contestant('bare', streaming, fresh(items)),
      contestant('hand stream', streaming, fresh(handStream)(fresh(items))),
    ],
  }
}
