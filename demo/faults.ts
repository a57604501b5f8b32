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
  strike(upstream: UpstreamProcess): void | Promise<void>
  heal(upstream: UpstreamProcess): void | Promise<void>
}

export const lengthMs = 24_000

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
 * it happens. The first upstream's return is the one that is timed.
 */
export async function playFaults(
  upstreams: UpstreamProcess[],
  faults: Fault[],
  now: Now,
  tell: (text: string) => void,
): Promise<void> {
  for (const outage of outages) {
    await sleepUntil(outage.from, now)
    const fault: Fault = { kind: outage.kind, from: now() }
    faults.push(fault)
    tell(outage.begin)
    await Promise.all(upstreams.map((upstream) => outage.strike(upstream)))

    await sleepUntil(outage.until, now)
    const heal = async (upstream: UpstreamProcess): Promise<number> => {
      await outage.heal(upstream)
      return now()
    }
    const back = await Promise.all(upstreams.map(heal))
    fault.until = back[0] ?? now()
    tell(outage.end)
  }
  await sleepUntil(lengthMs, now)
}
