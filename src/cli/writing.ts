import { untilApplied } from '../admin/fleet/applied.ts'
import type { Applied, Operation, Result, Row, Write } from '../admin/index.ts'
import { duration, type FlagName, patchOf } from './arguments.ts'
import { CliError, EXIT, usage } from './cli-error.ts'
import type { Command, Context } from './command.ts'
import { age, clockTime, perSecond, visible } from './display.ts'

const OVERRIDES: readonly Operation[] = ['force-open', 'force-closed', 'disable']
const PRESET = '10m'
/** So many processes are named. */
const MOST_MISSING = 5

/** Whether what is missing can be asked for. */
function mayAsk({ io, flags }: Context): boolean {
  return io.isTerminal && !flags.json
}

async function reasonOf(context: Context): Promise<string> {
  const { flags, io } = context
  if (flags.reason !== undefined) return flags.reason
  const message = 'Why? Add --reason "INC-2291: what is going on".'
  if (!mayAsk(context)) throw usage(message)
  const answer = await io.ask('Why? ')
  if (answer === '') throw usage(message)
  return answer
}

async function timeOf(context: Context): Promise<string | null> {
  const { flags, io } = context
  if (flags.forever && flags.for !== undefined) throw usage('Give --for or --forever, not both.')
  if (flags.forever) return null
  if (flags.for !== undefined) {
    duration('for', flags.for)
    return flags.for
  }
  if (mayAsk(context)) return io.ask(`For how long? [${PRESET}] `, PRESET)
  throw usage(
    'For how long? Add --for 10m (or 90s, 4h), or --forever to hold it until it is released.',
  )
}

async function confirmed(context: Context, question: string): Promise<boolean> {
  if (!mayAsk(context) || context.flags.yes) return true
  const answer = await context.io.ask(`${question} [y/N] `)
  return /^y(es)?$/i.test(answer)
}

function write(operation: Operation): Command['run'] {
  return async (context) => {
    const { client, flags, args, io, print } = context
    const name = args[0] as string
    const reason = await reasonOf(context)
    const scope: Write = flags.process ? { reason, scope: 'process' } : { reason }
    const body: Write = { ...scope, ...by(context) }
    const wait = flags.wait === undefined ? undefined : duration('wait', flags.wait)
    const time = OVERRIDES.includes(operation) ? { for: await timeOf(context) } : tripTime(context)
    const patch = operation === 'configure' ? { patch: patchOf(flags.set ?? []) } : {}
    const whole = { ...body, ...time, ...patch }
    if (flags['dry-run']) return dryRun(context, name, whole)
    const version = flags['if-version'] ?? (await client.detail(name)).row.version
    const verb = `${operation} ${visible(name)}${time.for == null ? '' : ` for ${time.for}`}`
    if (!(await confirmed(context, `${verb}: ${visible(reason)}?`))) {
      throw new CliError(EXIT.interrupted, 'Nothing was done.')
    }
    const result = await client.write(name, operation, whole, { version })
    const { applied: first } = result
    if (wait !== undefined && first === undefined) {
      throw usage(
        `${visible(name)} is not shared by a fleet, so that there is nothing to wait for. It was done.`,
      )
    }
    const isDone = first === undefined || wait === undefined || first.done
    const applied = isDone ? first : await untilApplied(() => client.applied(first.id), wait, io)
    const said: Result = applied === undefined ? result : { ...result, applied }
    if (flags.json) print(JSON.stringify(said))
    else if (!flags.quiet) print(resultText(operation, said, io.now(), flags.process))
    return wait === undefined || applied?.done ? EXIT.done : EXIT.timeout
  }
}

/** The server takes it only where there is no sign-in. */
function by({ io }: Context): { by?: string } {
  const name = io.env['SHORT_CIRCUIT_BY'] ?? io.user
  return name === undefined ? {} : { by: name }
}

function tripTime({ flags }: Context): { for?: string } {
  if (flags.for === undefined) return {}
  duration('for', flags.for)
  return { for: flags.for }
}

interface Difference {
  readonly changed: Readonly<Record<string, unknown>>
  readonly lost: readonly string[]
}

async function dryRun(
  { client, flags, print }: Context,
  name: string,
  body: Write,
): Promise<number> {
  const found = await client.write<Difference>(name, 'configure', body, { dry: true })
  if (flags.json) print(JSON.stringify(found))
  else {
    const lines = Object.entries(found.changed).map(([key, to]) => `${key}: ${JSON.stringify(to)}`)
    if (lines.length === 0) lines.push('Nothing would change.')
    if (found.lost.length > 0) lines.push(`Lost: ${found.lost.join(', ')}.`)
    print(visibleLines(lines))
  }
  return EXIT.done
}

function visibleLines(lines: readonly string[]): string {
  return lines.map(visible).join('\n')
}

/** `Applied by 7 of 8 processes in 140 ms; missing: worker-1 (last seen 14 s ago).` */
function appliedText({ applied, of, took, missing }: Applied): string {
  const done = `Applied by ${applied} of ${of} process${of === 1 ? '' : 'es'} in ${Math.round(took)} ms`
  if (missing.length === 0) return `${done}.`
  const names = missing
    .slice(0, MOST_MISSING)
    .map(({ process, age: seen }) => `${process} (last seen ${age(seen)} ago)`)
  const others = missing.length > MOST_MISSING ? `, and ${missing.length - MOST_MISSING} more` : ''
  return `${done}; missing: ${names.join(', ')}${others}.`
}

function resultText(
  operation: Operation,
  { row, entry, undo, applied }: Result,
  now: number,
  inProcess = false,
): string {
  const lines = [`${row.name} is ${stateText(row, now)}.`]
  const { calls } = row.rates
  if (operation === 'force-open' && calls > 0)
    lines[0] += ` About ${perSecond(calls)} are rejected.`
  if (operation === 'configure') lines[0] = `${row.name}: ${entry.text}.`
  if (operation === 'trip' && row.next !== '') lines[0] += ` ${capital(row.next)}.`
  if (applied !== undefined) lines.push(appliedText(applied))
  if (undo !== null && operation !== 'configure') {
    lines.push(
      `Undo: short-circuit ${undo.operation} ${shellWord(row.name)} --reason "…"${undoTime(undo.body)}${inProcess ? ' --process' : ''}`,
    )
  }
  return visibleLines(lines)
}

function undoTime({ for: time }: Write): string {
  if (time === undefined) return ''
  return time === null ? ' --forever' : ` --for ${Math.ceil(Number(time) / 1_000)}s`
}

function stateText({ state, override }: Row, now: number): string {
  if (override === null) return state
  const mode = override.mode.replace('-', ' ')
  if (override.until === null) return `${mode}, without an end`
  return `${mode} until ${clockTime(override.until)} (${age(override.until - now + 999)})`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

function shellWord(text: string): string {
  return /^[\w.:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

const ALWAYS: readonly FlagName[] = ['reason', 'yes', 'if-version', 'process', 'wait']

function command(name: Operation, help: string, flags: readonly FlagName[]): Command {
  return {
    name,
    args: 'NAME',
    help,
    flags: [...ALWAYS, ...flags],
    least: 1,
    most: 1,
    run: write(name),
  }
}

export const WRITING: readonly Command[] = [
  command('trip', 'open it now; it recovers by itself', ['for']),
  command('reset', 'close it with fresh evidence', []),
  command('release', 'lift what was set by hand', []),
  command('force-open', 'reject every call', ['for', 'forever']),
  command('force-closed', 'let every call pass, whatever the evidence', ['for', 'forever']),
  command('disable', 'let every call pass and record nothing', ['for', 'forever']),
  command('configure', 'change options live', ['set', 'dry-run']),
]
