import {
  type Call,
  concurrent,
  concurrentFailing,
  deepFailing,
  fresh,
  MANY,
  manyCalls,
  sequential,
  sequentialFailing,
  streaming,
  synchronous,
  synchronousFailing,
} from './drivers.ts'
import {
  bare,
  bareSync,
  type FloorSetup,
  handAsync,
  handClock,
  handStream,
  handSync,
  handThen,
  handTimeout,
} from './floors.ts'
import type { Mode } from './measured.ts'
import type { Contestant } from './rounds.ts'
import { type Action, CLOSED, type Scenario, type Setup, type Subject } from './subject.ts'

/** Contestants that meet in one table row: the subject is called `subject`. */
export interface Meeting {
  readonly mode: Mode
  readonly unit: number
  readonly contestants: readonly Contestant[]
}

type Floor = (action: Action, setup: FloorSetup) => Action

const floors = { bare, 'hand async': handAsync, 'hand then': handThen }

const furtherFloors: Partial<Record<Scenario, Readonly<Record<string, Floor>>>> = {
  success: { 'hand clock': handClock },
  timeout: { 'hand timeout': handTimeout },
}

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
  if (scenario === 'sync') return [sync(subject, { throws: false, open: false })]
  if (scenario === 'sync-failure') return [sync(subject, { throws: true, open: false })]
  if (scenario === 'sync-open') return [sync(subject, { throws: true, open: true })]
  if (scenario === 'stream') return [stream(subject)]
  const rejects = scenario === 'open' || scenario === 'deep'
  const open = rejects || scenario === 'fallback'
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
    ...Object.entries({ ...floors, ...furtherFloors[scenario] }).map(
      ([name, make]) => [name, fresh(make)(action(), floor)] as [string, Action],
    ),
  ]
  const throws = scenario === 'failure' || rejects
  const oneByOne = throws ? sequentialFailing : sequential
  const driver = scenario === 'deep' ? deepFailing : oneByOne
  const alone: Meeting = {
    mode: 'sequential',
    unit: 16,
    contestants: calls.map(([name, call]) => contestant(name, driver, call)),
  }
  if (scenario !== 'success' && scenario !== 'open') return [alone]
  const thousand = throws ? concurrentFailing : concurrent
  const together: Meeting = {
    mode: 'concurrent',
    unit: 1_000,
    contestants: calls.map(([name, call]) => contestant(name, thousand, call)),
  }
  return [alone, together]
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
function sync(subject: Subject, { throws, open }: { throws: boolean; open: boolean }): Meeting {
  const add = (): number => 1
  const error = new Error('down')
  const fail = (): never => {
    throw error
  }
  const action = (): (() => unknown) => (throws ? fail : fresh(add))
  const floor: FloorSetup = { open, fallback: undefined }
  const setup: Setup = { ...CLOSED, trips: open }
  const guarded = subject.sync?.(action(), setup) as Call
  const driver = throws ? synchronousFailing : synchronous
  // It takes a few failures to open; a breaker that is to stay closed never gets that many.
  if (open) synchronousFailing(guarded, 200)
  const asynchronous = fresh(handAsync)(fresh(succeeding), { open: false, fallback: undefined })
  return {
    mode: 'sequential',
    unit: 100,
    contestants: [
      contestant('subject', driver, guarded),
      contestant('bare', driver, fresh(bareSync)(action(), floor)),
      contestant('hand sync', driver, fresh(handSync)(action(), floor)),
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
