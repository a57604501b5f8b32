import { describe, expect, it } from 'vitest'
import { SUCCESS } from '../../src/core/outcome.ts'
import { Permit } from '../../src/core/permit.ts'
import { settingsOf } from '../helpers/core.ts'
import { same } from './pair.ts'
import {
  type Happening,
  OPEN_TIME,
  PROBE_TIME,
  PROBES,
  SCOPE,
  search,
  type World,
} from './world.ts'

/** The last moment at which a call must be let through, if one asks every tick. */
const PATIENCE = OPEN_TIME + PROBE_TIME

const settings = settingsOf(SCOPE)

describe('every state that three callers can bring about', () => {
  it('keeps the invariants, and every step from it does', { timeout: 120_000 }, () => {
    const visit = (world: World): void => {
      keepsTheCap(world)
      isNoWedge(world)
      recoversWithItsTarget(world)
      isReadWithoutEffect(world)
    }
    const pass = (before: World, after: World, happening: Happening): void => {
      conservesPermits(after)
      startsOneGenerationATransition(before, after)
      letsOverridesDominate(before, after, happening)
      ignoresStaleResults(before, after, happening)
    }

    const { worlds, steps } = search(visit, pass)

    process.stdout.write(`exhaustive search: ${worlds} states, ${steps} steps\n`)
    expect(worlds).toBeGreaterThan(10_000)
  })
})

function keepsTheCap({ machine, permits }: World): void {
  const probes = permits.filter(
    (value) => value.open && value.probe && value.state === machine.state,
  )
  same('no more probes than the limit', probes.length <= PROBES, true)
}

/** Callers that never hear back are enough: a call is let through in time. */
function isNoWedge(world: World): void {
  const { machine, reading } = world.copy()
  machine.release(reading)
  for (let waited = 0; waited <= PATIENCE; waited++) {
    if (machine.admit(reading + waited) instanceof Permit) return
  }
  throw new Error(`no call was let through in ${PATIENCE} ticks`)
}

/** Callers whose calls all succeed are enough: the circuit closes in time. */
function recoversWithItsTarget(world: World): void {
  const { machine, reading } = world.copy()
  machine.release(reading)
  for (let waited = 0; waited <= PATIENCE + OPEN_TIME; waited++) {
    for (let call = 0; call < PROBES; call++) {
      const permit = machine.admit(reading + waited)
      if (permit instanceof Permit) machine.settle(permit, SUCCESS, reading + waited)
    }
    if (machine.state.name === 'closed') return
  }
  throw new Error('the circuit did not close although all its calls succeeded')
}

function isReadWithoutEffect(world: World): void {
  const { machine, key, reading } = world
  const view = machine.peek(reading)
  const retryAfter = view.retryAfter(reading)
  same('reading moves nothing', world.key, key)
  same('retryAfter is not negative', retryAfter === undefined || retryAfter >= 0, true)
  const { machine: next } = world.copy()
  next.admit(reading)
  if (machine.override === undefined) {
    same('the next call finds what was read', next.state.name, view.state.name)
  }
}

function conservesPermits({ machine, permits }: World): void {
  const { admitted, settled, expired } = machine.counters.read()
  const inFlight = permits.filter((value) => value.open).length
  same('admitted = settled + expired + in flight', admitted, settled + expired + inFlight)
}

function startsOneGenerationATransition({ machine: before }: World, { machine }: World): void {
  const transitions = machine.changes.filter((change) => 'to' in change).length
  const begun = machine.state.generation - before.state.generation
  // A reset of a closed circuit begins one without a transition.
  const reset = begun === 1 && before.state.name === 'closed' && machine.state.name === 'closed'
  same('one generation a transition', begun, transitions + (reset && transitions === 0 ? 1 : 0))
}

function letsOverridesDominate(before: World, after: World, { name }: Happening): void {
  if (name !== 'call') return
  const mode = before.machine.peek(before.reading).override?.mode
  const passed = after.permits.length > before.permits.length
  if (mode !== undefined) same(`a call passes while ${mode}`, passed, mode !== 'forced-open')
}

/** Only the totals may tell that it has come. */
function ignoresStaleResults(before: World, after: World, { caller }: Happening): void {
  const without = before.copy()
  without.machine.configure(settings, before.reading)
  const permit = caller === undefined ? undefined : without.permits[caller]
  if (!permit?.open || permit.state === without.machine.state) return
  const { stale } = without.machine.counters.read()
  same('a stale result is counted as that', after.machine.counters.read().stale, stale + 1)
  const permits = without.permits.filter((value) => value !== permit)
  same('a stale result touches nothing', after.key, without.with({ permits }).key)
}
