import type { SharedFleet } from '../../fleet/index.ts'
import type { CircuitBreaker, Clock } from '../../index.ts'
import type { FleetAnswer } from '../answers.ts'
import { invalid, Problem } from '../problem.ts'
import type { Operation } from '../routes.ts'
import type { CheckedWrite } from '../write-request.ts'
import { type Applied, appliedOf, USUALLY, untilApplied } from './applied.ts'
import { commandOf, stampOf } from './commands.ts'
import { summaryOf } from './view.ts'

/** What the API does with a fleet: all of it by the store, so that one process shows and changes the others. */
export class FleetDesk {
  readonly #fleet: SharedFleet | undefined
  readonly #clock: Clock
  readonly #process: { readonly id: string }

  constructor(fleet: SharedFleet | undefined, clock: Clock, process: { readonly id: string }) {
    this.#fleet = fleet
    this.#clock = clock
    this.#process = process
  }

  get exists(): boolean {
    return this.#fleet !== undefined
  }

  shares(breaker: CircuitBreaker): boolean {
    return this.#fleet !== undefined && breaker.snapshot().fleet !== null
  }

  get #known(): SharedFleet {
    if (this.#fleet !== undefined) return this.#fleet
    throw new Problem('ERR_ADMIN_NO_FLEET', 'The admin was created without `fleet`.', {
      hint: 'Give it what shared() returns, as the registry has it.',
    })
  }

  async #ask<T>(ask: (fleet: SharedFleet) => Promise<T>): Promise<T> {
    const fleet = this.#known
    try {
      return await ask(fleet)
    } catch (error) {
      const { message } = error as Error
      throw new Problem('ERR_ADMIN_STORE', `Nothing was done: ${message}.`, {
        hint: 'The scope "process" changes this process alone.',
      })
    }
  }

  async summary(parameters: URLSearchParams): Promise<FleetAnswer> {
    const reading = await this.#ask((fleet) => fleet.read())
    const { connected, lastExchange, process } = this.#known
    const { took = null, age = null } = lastExchange ?? {}
    return {
      ...summaryOf(reading, parameters.get('all') === '1'),
      process: { id: process },
      store: { connected, took, age },
    }
  }

  /** Resolves with the stamp of what was done, in the store and here; rejects if nothing was. */
  async operate(
    name: string,
    operation: Operation,
    write: CheckedWrite,
    by: string | undefined,
  ): Promise<number> {
    if (operation === 'configure') throw invalid({ pointer: '/scope', message: 'not in a fleet' })
    const command = commandOf(operation, write, by ?? this.#process.id)
    const answer = await this.#ask((fleet) => fleet.operate(name, command))
    if (answer === undefined) {
      throw new Problem('ERR_ADMIN_STORE', 'Nothing was done: the fleet does not know it yet.')
    }
    return stampOf(command, answer)
  }

  /** Who has heard of what was done: all of them, or as many as are within `ms`. */
  async applied(id: string, ms: number = USUALLY): Promise<Applied> {
    const stamp = /^\d{1,16}$/.test(id) ? Number(id) : undefined
    if (stamp === undefined) {
      throw new Problem('ERR_ADMIN_BAD_REQUEST', 'The id is none of an operation.')
    }
    const look = async (): Promise<Applied> =>
      appliedOf(await this.#ask((fleet) => fleet.read([])), stamp)
    return untilApplied(look, ms, {
      now: () => this.#clock.now(),
      sleep: (time) => new Promise((resolve) => void this.#clock.setTimer(time, resolve)),
    })
  }
}
