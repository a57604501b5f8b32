import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { findTool } from '../../scripts/tools.mjs'
import { writeLines } from '../plain.ts'
import { print, showOnScreen } from '../screen.ts'
import { type Line, span, wrap } from '../spans.ts'
import { ask } from '../traffic.ts'
import { UpstreamProcess } from '../upstream-process.ts'
import { FleetProcess } from './fleet-process.ts'
import { drawFleet, type FleetView, tellFleetSecond } from './frame.ts'
import { Historian, milliseconds } from './history.ts'
import type { Orders, Report } from './messages.ts'
import { RedisProcess } from './redis-process.ts'
import { expectedMs, playFleet } from './script.ts'
import { perSecond, processes } from './settings.ts'
import { type Finding, judge } from './verdict.ts'

const program = fileURLToPath(new URL('member.ts', import.meta.url))
const setup = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))

/**
 * Runs a fleet of processes that share a breaker in a real Redis, kills their upstream and Redis, and returns the
 * exit code.
 */
export async function fleet(): Promise<number> {
  const server = findTool('redis-server') ?? installRedis()
  if (server === undefined) return 1
  const colours = process.stdout.isTTY && process.stdout.hasColors()
  const starting = ` Starting a Redis server, an upstream and ${processes} processes…`
  print(process.stdout, [[span(starting, 'dim')]], colours)
  const [redis, upstream] = await Promise.all([RedisProcess.start(server), UpstreamProcess.start()])
  await ask(upstream.url, AbortSignal.timeout(10_000))
  const orders: Orders = {
    redisPort: redis.port,
    namespace: randomUUID(),
    upstreamUrl: upstream.url,
    perSecond,
  }
  const historian = new Historian(processes)
  const members = await Promise.all(
    Array.from({ length: processes }, (_, process) =>
      FleetProcess.start(program, orders, (report: Report) => historian.hear(report, process)),
    ),
  )

  const { history } = historian
  const now = historian.begin()
  let endedAt: number | undefined
  const view = (): FleetView => ({
    ...history,
    now: now(),
    lengthMs: endedAt ?? Math.max(expectedMs, now()),
  })
  const display =
    process.stdout.isTTY && process.env['TERM'] !== 'dumb'
      ? showOnScreen(process.stdout, (width, height) => drawFleet(view(), width, height))
      : writeLines(process.stdout, view, tellFleetSecond)
  members.forEach((member, i) => {
    // Spread evenly, as independent users do.
    setTimeout(() => member.send(orders), (i * 1_000) / perSecond / processes)
  })
  await playFleet(upstream, redis, historian, now)
  endedAt = now()
  display.stop()
  await Promise.all([...members.map((member) => member.end()), redis.kill()])

  const findings = judge(history, endedAt)
  const lines = [...findings.flatMap(findingLines), ...tellStall(history.longestStall)]
  print(process.stdout, [[], ...lines], colours)
  return findings.some(({ verdict }) => verdict === 'no') ? 1 : 0
}

/** The set-up script says what it does, and what forbids it. */
function installRedis(): string | undefined {
  console.log('A real Redis server is needed, and this machine has none.')
  spawnSync(process.execPath, [setup, 'redis-server'], { stdio: ['ignore', 'inherit', 'inherit'] })
  return findTool('redis-server')
}

const looks = { yes: 'green', slow: 'yellow', no: 'red' } as const

export function findingLines({ verdict, text }: Finding): Line[] {
  return wrap(text, 72).map((line, i) => [
    span(` ${i === 0 ? verdict : ''}`.padEnd(7), looks[verdict]),
    span(line),
  ])
}

/** Longer than a process of a machine that is not busy stands still, ms. */
const longStall = 100

function tellStall(ms: number): Line[] {
  if (ms <= longStall) return []
  const text =
    `The machine was busy: a process could not run for ${milliseconds(ms)}. ` +
    `This says as much of the machine as of the breakers.`
  return [[], ...wrap(text, 78).map((line) => [span(` ${line}`, 'yellow')])]
}
