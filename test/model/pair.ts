import { Machine } from '../../src/core/machine.ts'
import { Permit } from '../../src/core/permit.ts'
import type {
  OpenDuration,
  OpenTimeFunction,
  OpenTimeView,
} from '../../src/core/recovery/open-duration.ts'
import { restore, save } from '../../src/core/save.ts'
import type { MachineSettings } from '../../src/core/settings.ts'
import type { Trip } from '../../src/index.ts'
import { type Snapshot, snapshot } from '../../src/inspect/snapshot.ts'
import { checkSaved } from '../../src/options/check-saved.ts'
import { classificationOf, settingsOf } from '../helpers/core.ts'
import { type ModelSnapshot, modelSnapshot } from './model-snapshot.ts'
import type { Operation, Step } from './operations.ts'
import type { ModelTrip } from './periods.ts'
import { type Answer, type Heard, ReferenceModel } from './reference-model.ts'
import type { ListedTimes, ModelSettings } from './settings.ts'

/** What the machine is told for what the model is told. */
export function machineSettings(settings: ModelSettings): MachineSettings {
  const { openTime, probes, successes, concurrent, probeTimeout: timeout } = settings
  return {
    ...settingsOf(),
    trip: {
      consecutiveFailures: settings.consecutiveFailures ?? Infinity,
      failureCount: settings.failureCount,
      failureRate: settings.failureRate,
      slowCallRate: settings.slowCallRate,
      evidence: undefined,
      when: undefined,
    },
    openDuration: openDurationOf(openTime),
    recovery: { kind: 'probes', probes, successes, concurrent, timeout },
    maxConcurrent: settings.maxConcurrent,
    history: settings.history,
  }
}

function openDurationOf(openTime: ModelSettings['openTime']): OpenDuration {
  if (typeof openTime === 'number') return { kind: 'fixed', ms: openTime }
  if ('initial' in openTime) return { kind: 'growing', ...openTime }
  const given = listed(openTime)
  return { kind: 'custom', given, ask: given }
}

const functions = new Map<string, OpenTimeFunction>()

/** The same function for the same list. */
export function listed({ list }: ListedTimes): OpenTimeFunction {
  const key = String(list)
  const known = functions.get(key)
  const own = ({ attempt }: OpenTimeView) => (list[attempt - 1] ?? list.at(-1)) as number
  functions.set(key, known ?? own)
  return known ?? own
}

/** A call that both let pass, and what each of them holds for it. */
interface PairedCall {
  readonly permit: Permit
  readonly answer: Answer
}

/** The machine and the model under the same operations; complains as soon as they differ. */
export class Pair {
  machine: Machine
  model: ReferenceModel
  reading = 0
  calls: PairedCall[] = []
  /** States that were seen, for the statistics. */
  readonly seen: Set<string> = new Set()
  readonly #random: () => number

  constructor(settings: ModelSettings, chance: number) {
    this.#random = () => chance
    this.machine = new Machine(machineSettings(settings), 0, this.#random)
    this.model = new ReferenceModel(settings, 0, this.#random)
  }

  run(operation: Operation): void {
    this.#do(operation)
    this.compare()
  }

  #do(operation: Operation): void {
    const { machine, model, reading } = this
    switch (operation.do) {
      case 'admit':
        this.#admit(operation.backstop)
        return
      case 'call':
        if (this.#admit()) this.#settle(this.calls.length - 1, operation.heard)
        return
      case 'settle':
        if (this.calls.length > 0)
          this.#settle(operation.which % this.calls.length, operation.heard)
        return
      case 'deliver':
        this.#deliver(operation.which)
        return
      case 'clock':
        this.#step(operation.step)
        return
      case 'trip':
        machine.trip(reading)
        model.trip(reading)
        return
      case 'reset':
        machine.reset(reading)
        model.reset(reading)
        return
      case 'halfOpen':
        machine.halfOpen(reading)
        model.halfOpen(reading)
        return
      case 'hear':
        machine.hearFleet(operation.word, reading)
        model.hearFleet(operation.word, reading)
        return
      case 'lease':
        this.#lease(operation.retryMs)
        return
      case 'report':
        this.#report()
        return
      case 'force':
        machine.force(operation.mode, reading, { for: operation.lasts })
        model.force(operation.mode, reading, operation.lasts)
        return
      case 'release':
        machine.release(reading)
        model.release(reading)
        return
      case 'configure': {
        const settings = { ...model.settings, ...operation.patch }
        machine.configure(machineSettings(settings), reading)
        model.configure(settings, reading)
        return
      }
      case 'continue':
        this.#continue(operation.reading)
        return
    }
  }

  #admit(backstop?: number): boolean {
    const permit = this.machine.admit(this.reading, backstop)
    const answer = this.model.admit(this.reading, backstop)
    const passes = answer === 'unrecorded' || answer === 'unenforced' || typeof answer === 'object'
    same('admit', permit instanceof Permit ? 'passes' : permit, passes ? 'passes' : answer)
    if (!(permit instanceof Permit)) return false
    if (typeof answer === 'object') same('probe', permit.probe, answer.probe)
    this.calls.push({ permit, answer })
    return true
  }

  #settle(index: number, { outcome, ...about }: Heard): void {
    const [{ permit, answer }] = this.calls.splice(index, 1) as [PairedCall]
    const counted = this.machine.settle(permit, classificationOf(outcome, about), this.reading)
    if (typeof answer !== 'object') {
      same('counted', counted, false)
      return
    }
    same('counted', counted, this.model.settle(answer.id, { outcome, ...about }, this.reading))
    // A permit that has expired need not look at the clock, but may: from here both have.
    if (!counted) this.#do({ do: 'configure', patch: {} })
    // Whatever comes later does nothing.
    same('twice', this.machine.settle(permit, classificationOf('failure'), this.reading), false)
  }

  /** Asks for a lease where one is needed, which is granted or not. */
  #lease(retryMs: number | undefined): void {
    const probes = this.machine.leasedProbes(this.reading)
    const lease = this.model.lease(this.reading)
    same('has leased probes', probes !== undefined, lease !== undefined)
    if (probes === undefined || lease === undefined) return
    const { now } = this.model
    const needs = !lease.held && lease.ended === undefined && now >= lease.askAt
    same('needs a lease', probes.needsLease(now), needs)
    if (!needs) return
    if (retryMs === undefined) probes.leased = lease.held = true
    else probes.askAt = lease.askAt = now + retryMs
  }

  /** Tells the fleet how the probe has ended. */
  #report(): void {
    const probes = this.machine.leasedProbes(this.reading)
    const lease = this.model.lease(this.reading)
    same('how the probe has ended', probes?.ended, lease?.ended)
    if (probes !== undefined) probes.ended = undefined
    if (lease !== undefined) lease.ended = undefined
  }

  #deliver(which: number): void {
    const call = this.calls[which % Math.max(1, this.calls.length)]
    if (call === undefined || typeof call.answer !== 'object') return
    this.machine.deliver(call.permit, this.reading)
    this.model.deliver(call.answer.id, this.reading)
  }

  #step(step: Step): void {
    const { model, reading } = this
    if ('by' in step) this.reading = reading + step.by
    else {
      const at = 'toDue' in step ? model.nextDue()?.at : this.#endOf(step.toEndOf)
      if (at === undefined || at === Infinity) return
      const plus = 'toDue' in step ? step.toDue : step.plus
      this.reading = reading + (at - model.timeAt(reading)) + plus
    }
  }

  #endOf(which: number): number | undefined {
    const call = this.model.outstandingProbes()[which % 4]
    return call?.deadline
  }

  #continue(newReading: number): void {
    const { machine, model, reading } = this
    const view = machine.peek(reading)
    const saved = JSON.parse(JSON.stringify(save(view, view.now(reading))))
    this.model = model.continued(reading, newReading)
    const settings = machineSettings(model.settings)
    const data = restore(settings, checkSaved(saved))
    this.machine = new Machine(settings, newReading, this.#random, data)
    this.reading = newReading
    this.calls = []
  }

  compare(): void {
    const expected = modelSnapshot(this.model, this.reading)
    this.seen.add(expected.automatic)
    if (this.model.period.lease !== undefined) this.seen.add('leased probes')
    same('follows the fleet', followsFleet(this.machine), this.model.period.fleet === true)
    same('snapshot', shownBy(this.machine, this.reading, expected), expected)
    const due = this.model.nextDue()
    if (due === undefined || due.at === Infinity) return
    // What a reader of the future would see, while nothing happens until then.
    const then = this.reading + (due.at - this.model.timeAt(this.reading))
    const future = modelSnapshot(this.model, then)
    same('snapshot when due', shownBy(this.machine, then, future), future)
  }
}

function followsFleet({ state }: Machine): boolean {
  return state.name !== 'closed' && state.fleet
}

/** What the machine shows at the reading, as far as the model knows about it. */
function shownBy(machine: Machine, reading: number, expected: ModelSnapshot): unknown {
  const clock = { now: () => reading, wall: () => 0, setTimer: () => () => {} }
  return shown(snapshot(machine, { name: 'machine' } as never, clock), expected)
}

/** A snapshot, as far as the model knows about it. */
export function shown(all: Snapshot, { retryAfter }: ModelSnapshot): unknown {
  return {
    state: all.state,
    stateFor: all.stateFor,
    automatic: all.automatic,
    generation: all.generation,
    override: all.override?.mode ?? null,
    inFlight: all.inFlight,
    probes: all.probes,
    counts: all.counts,
    consecutiveFailures: all.consecutiveFailures,
    trips: all.trips.map(knownOf),
    retryAfter: retryAfter === 'unsaid' ? retryAfter : all.retryAfter,
  }
}

function knownOf(trip: Trip): ModelSnapshot['trips'][number] {
  const { age, reason, from, generation, enforced, consecutiveFailures } = trip
  const { openFor, reopened, reopenedBy, lasted, endedBy, rejected } = trip
  const ending = { lasted, endedBy: endedBy as ModelTrip['endedBy'], rejected }
  const beginning = {
    age,
    reason: reason as ModelTrip['reason'],
    from,
    generation,
    enforced,
    consecutiveFailures,
  }
  return {
    ...beginning,
    openFor,
    reopened,
    reopenedBy: reopenedBy as ModelTrip['reopenedBy'],
    ...ending,
  }
}

export function same(what: string, actual: unknown, expected: unknown): void {
  const differ = difference(actual, expected, what)
  if (differ !== undefined) throw new Error(differ)
}

/** Where the two differ, in words; keys may come in any order. */
function difference(actual: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(actual, expected)) return undefined
  const bothObjects = typeof actual === 'object' && typeof expected === 'object'
  if (!bothObjects || actual === null || expected === null) {
    return `${path}: the machine says ${String(actual)}, the model ${String(expected)}`
  }
  for (const key of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
    const found = difference(
      (actual as Record<string, unknown>)[key],
      (expected as Record<string, unknown>)[key],
      `${path}.${key}`,
    )
    if (found !== undefined) return found
  }
  return undefined
}
