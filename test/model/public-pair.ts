import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitRegistry,
  isCallTimeoutError,
  isShortCircuitError,
  type Permit,
} from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { modelSnapshot } from './model-snapshot.ts'
import type { Step } from './operations.ts'
import { same, shown } from './pair.ts'
import type { PublicOperation } from './public-operations.ts'
import { optionsOf, type PublicSettings, type Tagged } from './public-options.ts'
import { type Answer, type Heard, ReferenceModel } from './reference-model.ts'
import { ABORTABLE, type Action, callByKey, KEYED_NAME, SHAPES, type Shape } from './shapes.ts'

/** A shell adds that much to the deadline of a probe whose own timer decides. */
const BACKSTOP = 60_000

/** A call in flight: how to end it, and what its caller is to get. */
interface OpenCall {
  readonly answer: Answer
  /** When its caller is told that it took too long; `Infinity` for never. */
  readonly over: number
  readonly stream: boolean
  readonly end: (tagged: Tagged) => void
  readonly abort: (() => void) | undefined
  /** What the caller got; `undefined` while it waits, and for a permit taken by hand. */
  result: { readonly value: unknown } | undefined
}

/** A breaker in use and the model under the same operations. */
export class PublicPair {
  readonly clock: ManualClock = new ManualClock()
  readonly seen: Set<string> = new Set()
  settings: PublicSettings
  breaker: CircuitBreaker
  registry: CircuitRegistry = new CircuitRegistry()
  model: ReferenceModel
  calls: OpenCall[] = []
  /** Eras of the model that a listener has heard of. */
  #heard = 1
  readonly #random: () => number

  constructor(settings: PublicSettings, chance: number) {
    this.settings = settings
    this.#random = () => chance
    this.breaker = this.#create({})
    this.model = new ReferenceModel(settings.settings, 0, this.#random)
  }

  #create(more: CircuitBreakerOptions): CircuitBreaker {
    const { clock, settings } = this
    this.registry = new CircuitRegistry()
    const named = { name: KEYED_NAME, registry: this.registry }
    const options = { ...optionsOf(settings), clock, random: this.#random, ...named, ...more }
    const breaker = new CircuitBreaker(options)
    if (settings.listeners === 'meddling') {
      breaker.on('transition', ({ to }) => {
        if (to === 'open') breaker.tryAcquire()?.cancel()
      })
    }
    if (settings.listeners === 'throwing') {
      const events = ['transition', 'reject', 'success', 'failure', 'override'] as const
      const bad = (): never => {
        throw new Error('a bad listener')
      }
      for (const event of [...events, 'timeout', 'configure'] as const) breaker.on(event, bad)
      breaker.on('listenerError', () => {})
    }
    return breaker
  }

  async run(operation: PublicOperation): Promise<void> {
    await this.#do(operation)
    await this.clock.advance(0)
    this.#meddle()
    this.#compare(operation.do)
  }

  /** What the listener did, after the fact. */
  #meddle(): void {
    while (this.#heard < this.model.periods.length) {
      const period = this.model.periods[this.#heard++]
      if (this.settings.listeners !== 'meddling' || period?.name !== 'open') continue
      const answer = this.model.admit(this.clock.now())
      if (typeof answer === 'object') {
        this.model.settle(answer.id, { outcome: 'cancelled' }, this.clock.now())
      }
    }
  }

  async #do(operation: PublicOperation): Promise<void> {
    const { breaker, model } = this
    const now = this.clock.now()
    switch (operation.do) {
      case 'start':
        // A synchronous call ends at once.
        if (operation.way !== 'sync') await this.#start(operation.way)
        return
      case 'end':
        return this.#end(operation.which, operation.heard)
      case 'abort':
        return this.#abort(operation.which)
      case 'call':
        if (operation.way === 'sync') return this.#callSync(operation.heard)
        if (!(await this.#start(operation.way))) return
        return this.#end(this.calls.length - 1, operation.heard)
      case 'clock':
        return this.#move(operation.step)
      case 'trip':
        breaker.trip()
        model.trip(now)
        return
      case 'reset':
        breaker.reset()
        model.reset(now)
        return
      case 'force': {
        const { mode, lasts } = operation
        const why = lasts === undefined ? {} : { for: lasts }
        if (mode === 'forced-open') breaker.forceOpen(why)
        else if (mode === 'forced-closed') breaker.forceClosed(why)
        else breaker.disable(why)
        model.force(mode, now, lasts)
        return
      }
      case 'release':
        breaker.release()
        model.release(now)
        return
      case 'configure': {
        const settings = { ...model.settings, ...operation.patch }
        this.settings = { ...this.settings, settings }
        const { trip, resetTimeout, recovery, maxConcurrent } = optionsOf(this.settings)
        breaker.configure({ trip, resetTimeout, recovery, maxConcurrent })
        model.configure(settings, now)
        return
      }
      case 'continue':
        return this.#continue()
    }
  }

  /** Both take the reading, so that a step back of the clock means the same to both. */
  #look(): void {
    this.#meddle()
    this.breaker.configure({})
    this.model.configure(this.model.settings, this.clock.now())
  }

  /** True when it was let through. */
  async #start(way: string): Promise<boolean> {
    const { callTimeout, settings } = this.settings
    const { breaker, model } = this
    const now = this.clock.now()
    const own = callTimeout !== undefined && callTimeout <= settings.probeTimeout
    const answer = model.admit(now, own ? BACKSTOP : 0)
    const passes = typeof answer === 'object' || answer.startsWith('un')
    let resolve: (tagged: Tagged) => void = () => {}
    const promise = new Promise<Tagged>((value) => (resolve = value))
    const controller = new AbortController()
    let ran = false
    const action: Action = (signal) => {
      ran = true
      return new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        void promise.then((tagged) => (tagged.as === 'failure' ? reject(tagged) : resolve(tagged)))
      })
    }
    let permit: Permit | undefined
    let outcome: Promise<unknown> | undefined
    if (way === 'permit') {
      permit = breaker.tryAcquire()
      ran = permit !== undefined
    } else if (way === 'key') outcome = callByKey(this.registry, action)
    else outcome = (SHAPES[way] as Shape)(breaker, action, controller.signal)
    const by = permit
    const call: OpenCall = {
      answer,
      over: now + this.#limitOf(answer),
      stream: way.includes('stream'),
      end: by === undefined ? resolve : (tagged) => settleBy(by, tagged),
      abort: ABORTABLE.has(way) ? () => controller.abort(new Error('gone')) : undefined,
      result: undefined,
    }
    outcome?.then(
      (value) => (call.result = { value }),
      (value: unknown) => (call.result = { value }),
    )
    same(`a call by ${way} runs`, ran, passes)
    this.#meddle()
    if (passes) {
      this.calls.push(call)
      return true
    }
    await this.clock.advance(0)
    if (way !== 'permit') same('rejected', isShortCircuitError(call.result?.value), true)
    return false
  }

  /** A probe is given up in any case. */
  #limitOf(answer: Answer): number {
    const { callTimeout = Infinity, settings } = this.settings
    const probe = typeof answer === 'object' && answer.due < Infinity
    return probe ? Math.min(callTimeout, settings.probeTimeout) : callTimeout
  }

  /** A call that has ended when it returns. */
  #callSync({ outcome: as, retryAfter }: Heard): void {
    const { breaker, model } = this
    const now = this.clock.now()
    const tagged: Tagged = { as, retryAfter: as === 'failure' ? retryAfter : undefined }
    const answer = model.admit(now)
    let ran = false
    const action = breaker.sync(() => {
      ran = true
      if (as === 'failure') throw tagged
      return tagged
    })
    let result: unknown
    try {
      result = action()
    } catch (error) {
      result = error
    }
    const passes = typeof answer === 'object' || answer.startsWith('un')
    same('a synchronous call runs', ran, passes)
    if (passes) same('own result', result, tagged)
    else same('rejected', isShortCircuitError(result), true)
    if (typeof answer === 'object') {
      model.settle(answer.id, { outcome: as, retryAfter: tagged.retryAfter }, now)
    }
    this.#look()
  }

  async #end(which: number, { outcome: as, retryAfter }: Heard): Promise<void> {
    const call = this.calls[which % Math.max(1, this.calls.length)]
    if (call === undefined) return
    this.calls = this.calls.filter((value) => value !== call)
    const tagged: Tagged = { as, retryAfter: as === 'failure' ? retryAfter : undefined }
    if (call.stream && as === 'success') this.#deliver(call.answer)
    call.end(tagged)
    await this.clock.advance(0)
    if (call.result !== undefined) same('own result', call.result.value, tagged)
    const heard = { outcome: as, retryAfter: tagged.retryAfter }
    if (typeof call.answer === 'object') this.model.settle(call.answer.id, heard, this.clock.now())
    this.#look()
  }

  /** The first item of a stream. */
  #deliver(answer: Answer): void {
    if (typeof answer === 'object') this.model.deliver(answer.id, this.clock.now())
  }

  async #abort(which: number): Promise<void> {
    const call = this.calls[which % Math.max(1, this.calls.length)]
    if (call?.abort === undefined) return
    this.calls = this.calls.filter((value) => value !== call)
    call.abort()
    await this.clock.advance(0)
    same('the reason of the abort', (call.result?.value as Error | undefined)?.message, 'gone')
    if (typeof call.answer === 'object') {
      this.model.settle(call.answer.id, { outcome: 'cancelled' }, this.clock.now())
    }
    this.#look()
  }

  async #move(step: Step): Promise<void> {
    const { model, clock } = this
    const due = 'by' in step ? undefined : model.nextDue()?.at
    const at = due === undefined || due === Infinity ? undefined : due - model.timeAt(clock.now())
    const by = 'by' in step ? step.by : (at ?? 0) + ('toDue' in step ? step.toDue : step.plus)
    if (by < 0) {
      // Timers of a clock that steps back are late: what that does to a call is its own affair.
      if (this.calls.some(({ over }) => over < Infinity)) return
      this.#look()
      clock.set(clock.now() + by)
      this.#look()
      return
    }
    const target = clock.now() + by
    const ends = new Set(this.calls.map(({ over }) => over).sort((a, b) => a - b))
    for (const at of ends) {
      if (at > target) break
      await clock.advance(at - clock.now())
      this.#timedOut(at)
    }
    await clock.advance(target - clock.now())
  }

  /** Calls that are over, in the order in which they began. */
  #timedOut(at: number): void {
    const now = this.clock.now()
    const over = this.calls.filter((value) => value.over === at)
    this.calls = this.calls.filter((value) => !over.includes(value))
    for (const { answer, result } of over) {
      if (result !== undefined) same('timed out', isCallTimeoutError(result.value), true)
      const heard = { outcome: 'failure', timedOut: true } as const
      if (typeof answer === 'object') this.model.settle(answer.id, heard, now)
    }
    this.#look()
  }

  #continue(): void {
    const now = this.clock.now()
    this.breaker = this.#create({ saved: JSON.parse(JSON.stringify(this.breaker.save())) })
    for (const call of this.calls) call.end({ as: 'cancelled', retryAfter: undefined })
    this.model = this.model.continued(now, now)
    // What a saved breaker would have found due, it has not told anybody.
    this.#heard = this.model.periods.length
    this.calls = []
  }

  #compare(what: string): void {
    const expected = modelSnapshot(this.model, this.clock.now())
    this.seen.add(expected.automatic)
    same(`snapshot after ${what}`, shown(this.breaker.snapshot(), expected), expected)
    same('state', this.breaker.state, expected.state)
  }
}

function settleBy(permit: Permit, { as, ...tagged }: Tagged): void {
  if (as === 'success') permit.success({ as, ...tagged })
  else if (as === 'failure') permit.failure({ as, ...tagged })
  else if (as === 'neutral') permit.neutral()
  else permit.cancel()
  // Whatever comes later does nothing.
  permit.failure()
}
