import type { Link } from './link.ts'
import type { Member } from './member.ts'
import { MOST_SAID, type OpenAlone, type OwnPolicy, type ProcessReport } from './processes.ts'
import { PER_MS } from './register.ts'
import type { Answer, Push } from './store.ts'

/** Within so many ms a process says that it has heard what was done by hand: not all processes at once. */
const SAID_WITHIN = 100

/** A push comes so long after the decision at most, ms: what only compares and swaps has decided before it saved. */
const JUST_NOW = 5_000

/** What a process says of itself, to those who operate the fleet. */
export class Presence {
  /** There is something to say, though there may be nothing to ask. */
  due = false
  readonly #link: Link
  readonly #service: string
  readonly #version: string
  readonly #since: number
  #heard = 0
  /** Of the poll that goes on: the clock of the store at its first answer. */
  #pollFrom = 0
  /** The newest stamp of any answer. */
  #answered = 0
  #lostAt: number | undefined

  constructor(link: Link, service: string, version: string) {
    this.#link = link
    this.#service = service
    this.#version = version
    this.#since = link.now()
  }

  hear({ nowMs, registers: { automatic, override } }: Push): void {
    this.#heard = Math.max(this.#heard, automatic.stamp, override.stamp)
    // What was done just now; pushes of what the store had lost are older.
    const isNew = (stamp: number): boolean => stamp >= (nowMs - JUST_NOW) * PER_MS
    const { reason } = automatic
    const isByHand = reason === 'trip' || reason === 'halfOpen' || reason === 'reset'
    if (isNew(override.stamp) || (isByHand && isNew(automatic.stamp))) this.say()
  }

  beginPoll(): void {
    this.#pollFrom = 0
  }

  take({ nowMs, registers: { automatic, override } }: Answer): void {
    this.#pollFrom ||= nowMs
    this.#answered = Math.max(this.#answered, automatic.stamp, override.stamp)
  }

  /** All breakers were asked for: there is nothing before that they have not heard of. */
  endPoll(): void {
    if (this.#answered > this.#heard) this.say()
    this.#heard = Math.max(this.#heard, this.#answered, this.#pollFrom * PER_MS - 1)
  }

  say(): void {
    this.due = true
    this.#link.soon(this.#link.draw(SAID_WITHIN))
  }

  reach(isReached: boolean): void {
    this.#lostAt = isReached ? undefined : (this.#lostAt ?? this.#link.now())
  }

  report(members: Iterable<Member>): ProcessReport {
    this.due = false
    const now = this.#link.now()
    let breakers = 0
    const alone: OpenAlone[] = []
    const policies: OwnPolicy[] = []
    for (const member of members) {
      breakers++
      const opened = alone.length < MOST_SAID ? member.openAlone() : undefined
      const policy = policies.length < MOST_SAID ? member.disputedPolicy() : undefined
      if (opened !== undefined) alone.push(opened)
      if (policy !== undefined) policies.push({ name: member.name, policy })
    }
    return {
      process: this.#link.process,
      service: this.#service,
      version: this.#version,
      uptime: Math.round(now - this.#since),
      breakers,
      heard: this.#heard,
      degraded: this.#lostAt === undefined ? 0 : Math.round(now - this.#lostAt),
      alone,
      policies,
    }
  }
}
