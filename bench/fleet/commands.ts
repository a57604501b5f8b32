// How many commands a fleet sends to its store while all is well.
import { setTimeout as sleep } from 'node:timers/promises'
import { Members } from './members.ts'
import { ServerInfo } from './server.ts'

const DURATION = 10_000

export const FLEETS = [
  { processes: 1, perSecond: 100 },
  { processes: 4, perSecond: 100 },
  { processes: 8, perSecond: 1_000 },
] as const

export interface CommandCount {
  readonly processes: number
  readonly perSecond: number
  /** Calls that were made. */
  readonly calls: number
  readonly scripts: number
  /** The share of the time for which Redis was busy. */
  readonly busy: number
}

export async function commandCounts(redisPort: number): Promise<CommandCount[]> {
  const info = await new ServerInfo(redisPort).connect()
  const counts: CommandCount[] = []
  for (const { processes, perSecond } of FLEETS) {
    const orders = { redisPort, perSecond, options: {}, policy: {} }
    const members = await Members.start(processes, orders)
    await sleep(2_000)
    const sample = async () => {
      const scripts = (await info.count('evalsha')) + (await info.count('eval'))
      return { calls: await members.calls(), scripts, cpu: await info.cpuSeconds() }
    }
    const before = await sample()
    await sleep(DURATION)
    const after = await sample()
    await members.end()
    counts.push({
      processes,
      perSecond,
      calls: after.calls - before.calls,
      scripts: after.scripts - before.scripts,
      busy: ((after.cpu - before.cpu) * 1_000) / DURATION,
    })
  }
  await info.close()
  return counts
}
