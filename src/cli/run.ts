import { COMMON, FLAGS, type FlagName, parse } from './arguments.ts'
import { CliError, EXIT, usage } from './cli-error.ts'
import type { Command } from './command.ts'
import { completion } from './completion.ts'
import { painter, visible } from './display.ts'
import { FLEET } from './fleet.ts'
import type { Io } from './io.ts'
import { openSource } from './open-source.ts'
import { READING } from './reading.ts'
import { WATCHING } from './watch.ts'
import { WRITING } from './writing.ts'

const COMMANDS: readonly Command[] = [
  ...READING,
  ...WATCHING,
  ...WRITING,
  FLEET,
  completion(() => COMMANDS),
]

/** Runs one command line and resolves with its exit status. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    if (error.message !== '') io.err(error.message.split('\n').map(visible).join('\n'))
    return error.exit
  }
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const command = COMMANDS.find((one) => one.name === rest[0])
    io.out(command === undefined ? helpText() : helpOf(command))
    return name === undefined ? EXIT.usage : EXIT.done
  }
  const command = COMMANDS.find((one) => one.name === name)
  if (command === undefined) {
    throw usage(
      `There is no command ${name}. They are: ${COMMANDS.map((one) => one.name).join(', ')}.`,
    )
  }
  const { flags, args } = parse(rest, command.flags)
  if (flags.help) {
    io.out(helpOf(command))
    return EXIT.done
  }
  if (args.length < command.least) {
    throw usage(`Which one? short-circuit ${command.name} ${command.args}`)
  }
  if (args.length > command.most) {
    throw usage(
      `${args[command.most]} is one too many: short-circuit ${command.name} ${command.args}`,
    )
  }
  const paint = painter(isColored(flags.color ?? 'auto', io))
  const print = (text: string): void => io.out(`${text}\n`)
  const { source, close } = await openSource(flags, io)
  try {
    return await command.run({ io, client: source, flags, args, paint, print })
  } finally {
    await close()
  }
}

function isColored(color: string, { env, isTerminal }: Io): boolean {
  if (color === 'always') return true
  if (color === 'never') return false
  if (color !== 'auto') throw usage(`--color must be auto, always or never; got ${color}.`)
  if (env['NO_COLOR']) return false
  return Boolean(env['FORCE_COLOR']) || (isTerminal && env['TERM'] !== 'dumb')
}

function helpText(): string {
  const columns = Math.max(...COMMANDS.map(({ name, args }) => name.length + args.length)) + 3
  const lines = COMMANDS.map(
    ({ name, args, help }) => `  ${`${name} ${args}`.padEnd(columns)}${help}`,
  )
  return [
    'short-circuit COMMAND: shows and changes the breakers of a process by its admin, or those of a fleet by its store.',
    '',
    ...lines,
    '',
    'short-circuit help COMMAND says what it takes. Environment: SHORT_CIRCUIT_URL, SHORT_CIRCUIT_TOKEN or',
    'SHORT_CIRCUIT_TOKEN_FILE, SHORT_CIRCUIT_STORE and SHORT_CIRCUIT_NAMESPACE, SHORT_CIRCUIT_BY, NO_COLOR,',
    'FORCE_COLOR.',
    'Exit: 0 done · 1 unreachable · 2 usage · 3 no such breaker · 4 not allowed · 5 changed meanwhile ·',
    '6 timed out, or not applied by all · 8 ls --check: something needs attention',
    '',
  ].join('\n')
}

function helpOf({ name, args, help, flags }: Command): string {
  const shown = (flag: FlagName): string => {
    const { short, value } = FLAGS[flag]
    return `${short === undefined ? '' : `-${short}, `}--${flag}${value === undefined ? '' : ` ${value}`}`
  }
  const all = [...flags, ...COMMON]
  const columns = Math.max(...all.map((flag) => shown(flag).length)) + 2
  const lines = all.map((flag) => `  ${shown(flag).padEnd(columns)}${FLAGS[flag].help}`)
  return [`short-circuit ${name} ${args}: ${help}`, '', ...lines, ''].join('\n')
}
