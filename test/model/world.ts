import { Machine } from '../../src/core/machine.ts'
import { Permit } from '../../src/core/permit.ts'
import type { LeasedProbes } from '../../src/core/recovery/leased-probes.ts'
import type { FleetWord } from '../../src/core/state/fleet-word.ts'
import { classificationOf, type MachineOptions, settingsOf } from '../helpers/core.ts'
import type { Mode } from './reference-model.ts'

export const OPEN_TIME = 3
export const PROBE_TIME = 2
export const PROBES = 2
export const CALLERS = 3

/** Two failures open; two probes at once, whose successes close. Time is a few ticks. */
export const SCOPE: MachineOptions = {
  maxFailures: 2,
  resetTimeout: OPEN_TIME,
  probes: PROBES,
  probeTimeout: PROBE_TIME,
}

/** Moments longer ago than everything that can still follow from them are one and the same. */
const LONG_AGO = OPEN_TIME + PROBE_TIME + 1

/** The machine, the calls that its callers have in flight, and what the clock reads. */
export class World {
  readonly machine: Machine
  readonly permits: readonly Permit[]
  readonly reading: number

  constructor(
    machine: Machine = new Machine(settingsOf(SCOPE), 0, () => 0.5),
    permits: readonly Permit[] = [],
    reading: number = 0,
  ) {
    this.machine = machine
    this.permits = permits
    this.reading = reading
  }

  /** A copy that shares nothing with this one; every permit is the copy's own. */
  copy(): World {
    const machine = this.machine.clone()
    machine.changes.length = 0
    const probes = lookedAfter(this.machine)
    const copies = lookedAfter(machine)
    const permits = this.permits.map((permit) => {
      const probe = probes.indexOf(permit)
      if (probe !== -1) return copies[probe] as Permit
      const current = permit.state === this.machine.state
      return Object.isFrozen(permit)
        ? permit
        : permit.clone((current ? machine.state : permit.state) as never)
    })
    return new World(machine, permits, this.reading)
  }

  with(change: Partial<Pick<World, 'permits' | 'reading'>>): World {
    return new World(this.machine, change.permits ?? this.permits, change.reading ?? this.reading)
  }

  /** All that the future depends on; two worlds with one key behave the same for ever. */
  get key(): string {
    const { machine, permits, reading } = this
    const { state, override } = machine
    const now = machine.now(reading)
    const ago = (at: number): number => Math.max(at - now, -LONG_AGO)
    const deadline = (value: Permit): number =>
      value.open && value.probe ? ago(value.deadline) : 0
    const held = permits.map((value) =>
      Object.isFrozen(value)
        ? 'free'
        : `${value.open}${value.state === state}${value.probe}${deadline(value)}`,
    )
    return [
      state.name,
      state.name === 'closed' ? state.consecutiveFailures : '',
      state.name === 'open' ? ago(state.until) : '',
      state.name === 'half-open' ? state.recovery.successes : '',
      state.name === 'half-open' ? state.recovery.inFlight.size : '',
      state.name === 'closed' ? '' : state.fleet,
      Object.values(leaseOf(machine) ?? {}).join(),
      override?.mode,
      override && ago(override.until),
      // What was read but not taken is lost when the clock steps back.
      Math.min(now - machine.now(Number.NEGATIVE_INFINITY), LONG_AGO),
      ...held.sort(),
    ].join()
  }
}

/** What a half-open machine has of the fleet's leases. */
export function leaseOf({ state }: Machine): Pick<LeasedProbes, 'leased' | 'ended'> | undefined {
  if (state.name !== 'half-open' || !state.fleet) return undefined
  const { leased, ended } = state.recovery as LeasedProbes
  return { leased, ended }
}

/** What a process does about leases: it says how its probe has ended, and asks for the next one, which it gets. */
export function goOnWithLease(machine: Machine, reading: number): void {
  const probes = machine.leasedProbes(reading)
  if (probes === undefined) return
  const { ended } = probes
  probes.ended = undefined
  if (ended === 'success') machine.hearFleet({ state: 'closed' }, reading)
  else if (ended === 'failure') machine.hearFleet({ state: 'open', for: OPEN_TIME }, reading)
  else if (probes.needsLease(machine.now(reading))) probes.leased = true
}

function sameHold(a: Permit, b: Permit): boolean {
  return a.state === b.state && a.deadline === b.deadline && a.open === b.open
}

/** The permits that the machine itself looks after: a copy of it has copies of them. */
function lookedAfter({ state, detachedProbes: orphans }: Machine): readonly Permit[] {
  return [...(state.name === 'half-open' ? state.recovery.inFlight : []), ...(orphans ?? [])]
}

/** One thing that can happen to a world; `undefined` where it cannot. */
export interface Happening {
  readonly name: string
  /** Whose call ends, by its place among those in flight. */
  readonly caller?: number
  /** What the fleet says. */
  readonly word?: FleetWord
  readonly happen: (world: World) => World | undefined
}

const modes: readonly Mode[] = ['forced-open', 'forced-closed', 'disabled']

function settling(caller: number, outcome: Parameters<typeof classificationOf>[0]): Happening {
  return {
    name: `caller ${caller}: ${outcome}`,
    caller,
    happen: (world) => {
      const permit = world.permits[caller]
      if (permit === undefined) return undefined
      // Two callers that hold the same are one and the same.
      const first = world.permits.findIndex((value) => sameHold(value, permit))
      if (first !== caller) return undefined
      world.machine.settle(permit, classificationOf(outcome), world.reading)
      return world.with({ permits: world.permits.filter((value) => value !== permit) })
    },
  }
}

function moving(name: string, move: (machine: Machine, reading: number) => unknown): Happening {
  return {
    name,
    happen: (world) => {
      move(world.machine, world.reading)
      return world
    },
  }
}

const callsOf = (callers: number): readonly Happening[] => [
  {
    name: 'call',
    happen: (world) => {
      if (world.permits.length === callers) return undefined
      const permit = world.machine.admit(world.reading)
      if (!(permit instanceof Permit)) return world
      return world.with({ permits: [...world.permits, permit] })
    },
  },
  { name: 'tick', happen: (world) => world.with({ reading: world.reading + 1 }) },
  ...Array.from({ length: callers }, (_, caller) =>
    (['success', 'failure', 'neutral', 'cancelled'] as const).map((value) =>
      settling(caller, value),
    ),
  ).flat(),
  moving('trip', (machine, reading) => machine.trip(reading)),
  moving('reset', (machine, reading) => machine.reset(reading)),
  moving('release', (machine, reading) => machine.release(reading)),
]

/** All that can happen to a breaker by itself. */
export const HAPPENINGS: readonly Happening[] = [
  ...callsOf(CALLERS),
  { name: 'step back', happen: (world) => world.with({ reading: world.reading - 1 }) },
  ...modes.flatMap((mode) => [
    moving(mode, (machine, reading) => machine.force(mode, reading, {})),
    moving(`${mode} for a tick`, (machine, reading) => machine.force(mode, reading, { for: 1 })),
  ]),
]

const WORDS: Readonly<Record<string, FleetWord | undefined>> = {
  'the fleet is open': { state: 'open', for: OPEN_TIME },
  'the fleet is half-open': { state: 'half-open' },
  'the fleet is closed': { state: 'closed' },
  'the fleet was reset': { state: 'closed', reset: true },
  'the fleet is not heard': undefined,
}

/** All that can happen to one that belongs to a fleet, called by one caller less. */
export const FLEET_HAPPENINGS: readonly Happening[] = [
  ...callsOf(CALLERS - 1),
  moving('half-open by hand', (machine, reading) => machine.halfOpen(reading)),
  ...modes.map((mode) => moving(mode, (machine, reading) => machine.force(mode, reading, {}))),
  ...Object.entries(WORDS).map(([name, word]) => ({
    ...moving(name, (machine, reading) => machine.hearFleet(word, reading)),
    ...(word && { word }),
  })),
  moving('a lease', goOnWithLease),
]

/** How a world came about, for the message of a failed search. */
export interface Found {
  readonly world: World
  readonly from: Found | undefined
  readonly by: string
}

export function pathTo(found: Found): string[] {
  return found.from === undefined ? [] : [...pathTo(found.from), found.by]
}

/**
 * Breadth first through every world that can be reached; `visit` sees each once, `pass` every step.
 * Gives the numbers of both.
 */
export function search(
  visit: (world: World) => void,
  pass: (before: World, after: World, happening: Happening) => void,
  happenings: readonly Happening[] = HAPPENINGS,
): { worlds: number; steps: number } {
  const start: Found = { world: new World(), from: undefined, by: '' }
  const seen = new Set([start.world.key])
  let steps = 0
  for (let layer: Found[] = [start]; layer.length > 0; ) {
    const next: Found[] = []
    for (const found of layer) {
      explain(found, () => visit(found.world))
      for (const happening of happenings) {
        const world = happening.happen(found.world.copy())
        if (world === undefined) continue
        steps++
        const after: Found = { world, from: found, by: happening.name }
        explain(after, () => pass(found.world, world, happening))
        if (seen.has(world.key)) continue
        seen.add(world.key)
        next.push(after)
      }
    }
    layer = next
  }
  return { worlds: seen.size, steps }
}

function explain(found: Found, check: () => void): void {
  try {
    check()
  } catch (error) {
    throw new Error(`after ${pathTo(found).join(', ')}`, { cause: error })
  }
}
