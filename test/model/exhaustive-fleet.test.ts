import { describe, expect, it } from 'vitest'
import { Permit } from '../../src/core/permit.ts'
import type { Transition } from '../../src/core/transition.ts'
import { same } from './pair.ts'
import {
  FLEET_HAPPENINGS,
  goOnWithLease,
  type Happening,
  leaseOf,
  OPEN_TIME,
  PROBE_TIME,
  PROBES,
  search,
  type World,
} from './world.ts'

/** The last moment at which a call must be let through, if one asks every tick and gets the leases it needs. */
const PATIENCE = OPEN_TIME + PROBE_TIME

describe('every state that two callers and a fleet can bring about', () => {
  it('keeps the invariants, and every step from it does', { timeout: 120_000 }, () => {
    const visit = (world: World): void => {
      keepsTheCap(world)
      isNoWedge(world, 'heard')
      isNoWedge(world, 'not heard')
      decidesByItselfWithoutTheFleet(world)
    }
    const pass = (before: World, after: World, happening: Happening): void => {
      conservesPermits(after)
      startsOneGenerationATransition(before, after)
      obeysTheFleet(before, after, happening)
      needsALease(before, after, happening)
      leavesDecisionsToTheFleet(before, after, happening)
    }

    const { worlds, steps } = search(visit, pass, FLEET_HAPPENINGS)

    process.stdout.write(`exhaustive search with a fleet: ${worlds} states, ${steps} steps\n`)
    expect(worlds).toBeGreaterThan(3_000)
  })
})

function keepsTheCap({ machine, permits }: World): void {
  const probes = permits.filter(
    (value) => value.open && value.probe && value.state === machine.state,
  )
  const limit = leaseOf(machine) === undefined ? PROBES : 1
  same('no more probes than the limit', probes.length <= limit, true)
}

/** Callers that never hear back are enough: a call is let through in time, with the fleet or without. */
function isNoWedge(world: World, fleet: 'heard' | 'not heard'): void {
  const { machine, reading } = world.copy()
  machine.release(reading)
  if (fleet === 'not heard') machine.hearFleet(undefined, reading)
  for (let waited = 0; waited <= PATIENCE + OPEN_TIME; waited++) {
    if (fleet === 'heard') goOnWithLease(machine, reading + waited)
    if (machine.admit(reading + waited) instanceof Permit) return
  }
  throw new Error(`no call was let through although the fleet was ${fleet}`)
}

function decidesByItselfWithoutTheFleet(world: World): void {
  const { machine, reading } = world.copy()
  machine.hearFleet(undefined, reading)
  same('needs no lease', leaseOf(machine), undefined)
  same('does not follow', machine.state.name === 'closed' || !machine.state.fleet, true)
}

function conservesPermits({ machine, permits }: World): void {
  const { admitted, settled, expired } = machine.counters.read()
  const inFlight = permits.filter((value) => value.open).length
  same('admitted = settled + expired + in flight', admitted, settled + expired + inFlight)
}

/** A closed circuit that begins anew makes a generation without a transition. */
function startsOneGenerationATransition({ machine: before }: World, { machine }: World): void {
  const transitions = machine.changes.filter((change) => 'to' in change)
  const begun = machine.state.generation - before.state.generation
  const anew = begun === 1 && before.state.name === 'closed' && machine.state.name === 'closed'
  same('one generation a transition', begun, transitions.length + (anew ? 1 : 0))
}

/** It is as the fleet is, unless it has opened by itself and the fleet is closed. */
function obeysTheFleet(before: World, { machine, reading }: World, { word }: Happening): void {
  if (word === undefined) return
  const { state, changes } = before.copy().machine.peek(reading)
  const alone = word.state === 'closed' && state.name !== 'closed' && !state.fleet
  if (word.state === 'closed') {
    same('is closed like the fleet', machine.state.name === 'closed', word.reset || !alone)
    return
  }
  same('follows the fleet', machine.state.name !== 'closed' && machine.state.fleet, true)
  same('is as the fleet is', machine.state.name, word.state)
  // After what was due by then.
  for (const change of machine.changes.slice(changes.length)) {
    const { reason } = change as Transition
    if (reason !== 'elapsed') same('says that it was the fleet', reason, 'fleet')
  }
}

/** A probe of a fleet passes by a lease alone. */
function needsALease({ machine, reading }: World, after: World, { name }: Happening): void {
  const view = machine.peek(reading)
  const lease = leaseOf(view)
  const enforced = view.override === undefined || view.override.mode === 'forced-open'
  if (name !== 'call' || lease === undefined || !enforced) return
  const passed = after.machine.counters.admitted > view.counters.admitted
  if (passed) same('has a lease', lease.leased, true)
}

/** How a leased probe ends is told, and moves nothing here. */
function leavesDecisionsToTheFleet(
  before: World,
  { machine, reading }: World,
  { caller }: Happening,
): void {
  const permit = caller === undefined ? undefined : before.permits[caller]
  const view = before.machine.peek(reading)
  const lease = leaseOf(view)
  if (!permit?.open || lease === undefined || permit.state !== before.machine.state) return
  same('stays half-open', machine.state.generation, view.state.generation)
  if (machine.override?.mode !== 'disabled') same('tells the end', leaseOf(machine)?.leased, false)
}
