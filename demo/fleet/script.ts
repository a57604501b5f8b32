import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../faults.ts'
import type { Now } from '../time.ts'
import type { UpstreamProcess } from '../upstream-process.ts'
import { allAre, allConnected, type FleetHistory, type Historian } from './history.ts'
import type { RedisProcess } from './redis-process.ts'
import { perSecond, processes } from './settings.ts'

/** How long it takes, as a rule: what is waited for may be later. */
export const expectedMs = 33_000
/** What has not happened by then does not happen. */
const patience = 6_000

interface Scene {
  do: () => Promise<void>
  who: 'upstream' | 'redis'
  begins: boolean
  tell: string
  /** It goes on so long after this has become true, and after its beginning. */
  until: (history: FleetHistory) => boolean
  pause: number
  atLeast: number
}

/**
 * Kills the upstream three times: with Redis, without, and with a new and empty one. Writes into the history what
 * it does.
 */
export async function playFleet(
  upstream: UpstreamProcess,
  redis: RedisProcess,
  historian: Historian,
  now: Now,
): Promise<void> {
  const open = (history: FleetHistory) => allAre(history, 'open')
  const closed = (history: FleetHistory) => allAre(history, 'closed')
  const outage = (tell: string): Scene[] => [
    {
      ...{ do: () => upstream.kill(), who: 'upstream', begins: true, tell: `killed${tell}` },
      ...{ until: open, pause: 1_000, atLeast: 3_500 },
    },
    {
      ...{ do: () => upstream.restart(), who: 'upstream', begins: false, tell: 'restarted' },
      ...{ until: closed, pause: 2_500, atLeast: 0 },
    },
  ]
  const scenes: Scene[] = [
    ...outage(': connections are refused'),
    {
      ...{ do: () => redis.kill(), who: 'redis', begins: true, tell: 'killed (SIGKILL)' },
      ...{ until: (history) => allConnected(history, false), pause: 500, atLeast: 3_000 },
    },
    ...outage(', while there is no Redis'),
    {
      ...{ do: () => redis.restart(), who: 'redis', begins: false, tell: 'restarted, empty' },
      ...{ until: (history) => allConnected(history, true), pause: 2_500, atLeast: 0 },
    },
    ...outage(' once more'),
  ]

  const { history } = historian
  await sleep(3_000)
  // A machine that is busy with starting processes is given the time that it needs.
  while (!isCalm(history, now()) && now() < 30_000) await sleep(100)
  for (const scene of scenes) {
    const faults = history[scene.who]
    if (scene.begins) faults.push({ kind: 'killed', from: now() })
    historian.tell(now(), scene.who, scene.tell, 'bold')
    await scene.do()
    if (!scene.begins) (faults.at(-1) as Fault).until = now()

    const begin = now()
    while (!scene.until(history) && now() < begin + patience) await sleep(10)
    await sleep(Math.max(scene.pause, scene.atLeast - (now() - begin)))
  }
}

/** For a second all calls have been answered, and all processes reported to Redis. */
function isCalm(history: FleetHistory, now: number): boolean {
  const last = history.calls.filter(({ endedAt = 0 }) => endedAt > now - 1_000)
  const enough = 0.9 * perSecond * processes
  return (
    allConnected(history, true) &&
    allAre(history, 'closed') &&
    last.length >= enough &&
    last.every(({ result }) => result === 'ok')
  )
}
