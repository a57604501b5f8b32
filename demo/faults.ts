import { setTimeout as sleep } from 'node:timers/promises'
import { type Now, sleepUntil } from './time.ts'
import type { UpstreamProcess } from './upstream-process.ts'

/** A time during which the upstreams did not answer, in ms since the start. */
export interface Fault {
  kind: 'frozen' | 'killed'
  from: number
  /** When they were able to answer again; absent while they are not. */
  until?: number
}

interface Outage {
  kind: Fault['kind']
  from: number
  until: number
  begin: string
  end: string
  strike(upstream: Patient): void | Promise<void>
  heal(upstream: Patient): void | Promise<void>
}

/** What can be done to an upstream. */
type Patient = Pick<UpstreamProcess, 'freeze' | 'thaw' | 'kill' | 'restart'>

export const lengthMs = 24_000

/** On a busy machine an upstream that is back needs a while until it answers as before. */
export const patienceMs = 6_000

const outages: Outage[] = [
  {
    kind: 'frozen',
    from: 3_000,
    until: 8_500,
    begin: 'all frozen (SIGSTOP): they accept calls and do not answer',
    end: 'all thawed (SIGCONT): they answer again',
    strike: (upstream) => upstream.freeze(),
    heal: (upstream) => upstream.thaw(),
  },
  {
    kind: 'killed',
    from: 12_000,
    until: 15_500,
    begin: 'all killed (SIGKILL): connections are refused',
    end: 'all restarted on their old ports: they answer again',
    strike: (upstream) => upstream.kill(),
    heal: (upstream) => upstream.restart(),
  },
]

/**
 * Does to every upstream, at the same moments, what the script says, and writes it into `faults` as
 * it happens. The first upstream's return is the one that is timed. What comes next waits for a while
 * until the breakers have recovered, so that two outages do not become one.
 */
export async function playFaults(
  upstreams: readonly Patient[],
  faults: Fault[],
  now: Now,
  tell: (text: string) => void,
  haveRecovered: () => boolean,
): Promise<void> {
  let late = 0
  const recovery = async (planned: number) => {
    await sleepUntil(planned + late, now)
    const latest = now() + patienceMs
    while (!haveRecovered() && now() < latest) await sleep(20)
    late = now() - planned
  }
  for (const outage of outages) {
    await recovery(outage.from)
    const fault: Fault = { kind: outage.kind, from: now() }
    faults.push(fault)
    tell(outage.begin)
    await Promise.all(upstreams.map((upstream) => outage.strike(upstream)))

    await sleepUntil(outage.until + late, now)
    const heal = async (upstream: Patient): Promise<number> => {
      await outage.heal(upstream)
      return now()
    }
    const back = await Promise.all(upstreams.map(heal))
    fault.until = back[0] ?? now()
    tell(outage.end)
  }
  await recovery(lengthMs)
}
