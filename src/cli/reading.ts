import type { List, LogEntry, Row } from '../admin/index.ts'
import { pagesByName } from '../admin/pages.ts'
import { duration } from './arguments.ts'
import { CliError, EXIT, usage } from './cli-error.ts'
import type { Command, Context } from './command.ts'
import { clockTime, sentence, visible } from './display.ts'
import type { Source } from './source.ts'
import { orderOf } from './store-list.ts'
import { tableLines } from './table.ts'

const PAGE = 500

/** Names with `*` and `?` for any characters and any one. */
function matcher(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => true
  const expressions = patterns.map((pattern) => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
    return new RegExp(`^${escaped.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`, 'su')
  })
  return (name) => expressions.some((expression) => expression.test(name))
}

/** As much as is asked for: those that need attention, or all. */
async function listOf({ client, flags, args }: Context): Promise<List> {
  const query: Record<string, string> = { limit: String(PAGE) }
  if (flags.trouble) query['trouble'] = '1'
  if (flags['by-hand']) query['hand'] = '1'
  if (flags.state !== undefined) query['state'] = flags.state
  if (flags.sort !== undefined) query['sort'] = flags.sort
  const matches = matcher(args)
  const all = flags.all || args.length > 0 || flags.sort !== undefined || flags.state !== undefined
  const list = await client.list(query)
  const isEnough = list.next === null || (!all && list.rows.at(-1)?.class === 3)
  const rows = isEnough ? list.rows : await allRows(client, query)
  const next = isEnough ? list.next : null
  return { ...list, rows: rows.filter(({ name }) => matches(name)), next }
}

async function allRows(client: Source, query: Readonly<Record<string, string>>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of pagesByName((one) => client.list(one), query)) rows.push(...page.rows)
  return rows.sort(orderOf(query['sort']))
}

async function about(client: Source): Promise<string> {
  const { process } = await client.session()
  return [process.name ?? process.id, process.environment].filter(Boolean).join(' ')
}

async function list(context: Context): Promise<number> {
  const { client, flags, args, io, paint, print } = context
  const found = await listOf(context)
  if (flags.json) print(JSON.stringify(found))
  else {
    const columns = io.isTerminal ? io.columns : Infinity
    const all = Boolean(flags.all || args.length > 0 || flags.state !== undefined)
    print(tableLines(found, await about(client), { columns, paint, all }).join('\n'))
  }
  return flags.check && found.counts.byClass[0] > 0 ? EXIT.trouble : EXIT.done
}

async function get({ client, flags, args, print }: Context): Promise<number> {
  const detail = await client.detail(args[0] as string)
  if (flags.json) print(JSON.stringify(detail))
  else {
    const { row, explanation, log } = detail
    const lines = [visible(explanation.text)]
    if (row.next !== '') lines.push(`${sentence(visible(row.next))}.`)
    lines.push(`Version: ${row.version}`)
    for (const entry of log.slice(0, 5)) lines.push(entryLine(entry))
    print(lines.join('\n'))
  }
  return EXIT.done
}

async function why({ client, flags, args, print }: Context): Promise<number> {
  const { explanation } = await client.detail(args[0] as string)
  print(flags.json ? JSON.stringify(explanation) : visible(explanation.text))
  return EXIT.done
}

export function entryLine({ at, breaker, by, text, reason }: LogEntry): string {
  const who = by === null ? '' : ` by ${by}`
  const because = reason === null ? '' : ` (${reason})`
  return visible(`${clockTime(at)}  ${breaker}: ${text}${who}${because}`)
}

async function log(context: Context): Promise<number> {
  const { client, flags, args, io, print } = context
  const query: Record<string, string> = { limit: '200' }
  if (args[0] !== undefined) query['name'] = args[0]
  if (flags.kind !== undefined) query['kind'] = flags.kind
  const since = flags.since === undefined ? -Infinity : io.now() - duration('since', flags.since)
  const { entries } = await client.log(query)
  const show = (entry: LogEntry): void =>
    print(flags.json ? JSON.stringify(entry) : entryLine(entry))
  for (const entry of entries.toReversed()) if (entry.at >= since) show(entry)
  if (!flags.follow) return EXIT.done
  const fits = ({ breaker, kind }: LogEntry): boolean =>
    (args[0] === undefined || breaker === args[0]) &&
    (flags.kind === undefined || kind === flags.kind)
  await follow(context, entries[0]?.id, (event, data) => {
    if (event === 'log' && fits(data as LogEntry)) show(data as LogEntry)
  })
  return EXIT.interrupted
}

const LONGEST_PAUSE = 15_000

/** Hears the events, and connects again whenever the connection is lost. */
export async function follow(
  { client, flags, io }: Context,
  after: string | undefined,
  onEvent: (event: string, data: unknown) => void,
  onLost: (message: string) => void = (message) => io.err(message),
  signal: AbortSignal = io.interrupted,
): Promise<void> {
  const giveUp = flags['give-up'] === undefined ? Infinity : duration('give-up', flags['give-up'])
  let last = after
  let lostAt: number | undefined
  let pause = 500
  while (!signal.aborted) {
    let problem = 'the connection has ended'
    try {
      for await (const { event, id, data } of client.events(last, signal)) {
        lostAt = undefined
        pause = 500
        last = id ?? last
        onEvent(event, JSON.parse(data))
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof CliError && error.exit !== EXIT.failed) throw error
      problem = (error as Error).message.split('\n')[0] ?? problem
    }
    if (signal.aborted) return
    lostAt ??= io.now()
    const seconds = Math.round((io.now() - lostAt) / 1_000)
    if (io.now() - lostAt >= giveUp) throw new CliError(EXIT.failed, problem)
    onLost(`not connected for ${seconds} s, trying again: ${problem}`)
    await io.sleep(pause * (0.5 + Math.random()), signal)
    pause = Math.min(2 * pause, LONGEST_PAUSE)
  }
}

async function wait({ client, flags, args, io, print }: Context): Promise<number> {
  const name = args[0] as string
  const until = flags.until ?? 'closed'
  if (!['closed', 'open', 'half-open'].includes(until)) {
    throw usage(`--until must be closed, open or half-open; got ${until}.`)
  }
  const end = io.now() + duration('timeout', flags.timeout ?? '5m')
  for (;;) {
    const { row } = await client.detail(name)
    if (row.state === until) {
      if (!flags.quiet) print(flags.json ? JSON.stringify(row) : `${visible(name)} is ${until}.`)
      return EXIT.done
    }
    if (io.now() >= end) throw new CliError(EXIT.timeout, `${visible(name)} is still ${row.state}.`)
    await io.sleep(Math.min(1_000, end - io.now()), io.interrupted)
    if (io.interrupted.aborted) return EXIT.interrupted
  }
}

export const READING: readonly Command[] = [
  {
    name: 'ls',
    args: '[PATTERN…]',
    help: 'the breakers, those that need attention first',
    flags: ['all', 'trouble', 'by-hand', 'state', 'sort', 'check'],
    least: 0,
    most: Infinity,
    run: list,
  },
  { name: 'get', args: 'NAME', help: 'one breaker', flags: [], least: 1, most: 1, run: get },
  {
    name: 'why',
    args: 'NAME',
    help: 'why it is in its state',
    flags: [],
    least: 1,
    most: 1,
    run: why,
  },
  {
    name: 'log',
    args: '[NAME]',
    help: 'what has happened, and who did it',
    flags: ['since', 'kind', 'follow', 'give-up'],
    least: 0,
    most: 1,
    run: log,
  },
  {
    name: 'wait',
    args: 'NAME',
    help: 'until it is closed',
    flags: ['until', 'timeout'],
    least: 1,
    most: 1,
    run: wait,
  },
]
