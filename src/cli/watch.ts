import type { Counts, List, LogEntry, Row } from '../admin/index.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { Command, Context } from './command.ts'
import { entryLine, follow } from './reading.ts'
import { tableLines } from './table.ts'

interface Tick {
  readonly now: number
  readonly counts: Counts
  readonly rows: readonly Row[]
}

/** A live table at a terminal, a line for each change in a pipe, or with `--json` the events. */
async function watch(context: Context): Promise<number> {
  const { flags, io, print } = context
  if (flags.json) {
    await follow(context, undefined, (event, data) => print(JSON.stringify({ event, data })))
  } else if (io.isTerminal) await drawn(context)
  else {
    await follow(context, undefined, (event, data) => {
      if (event === 'log') print(entryLine(data as LogEntry))
    })
  }
  return EXIT.interrupted
}

const BEGIN = '\u001B[?2026h'
const END = '\u001B[?2026l'

async function drawn(context: Context): Promise<void> {
  const { client, io, paint, flags } = context
  const { process } = await client.session()
  const about = [process.name ?? process.id, process.environment].filter(Boolean).join(' ')
  let before: string[] = []
  let list: List | undefined
  const draw = (lost?: string): void => {
    if (list === undefined) return
    const options = { columns: io.columns, paint, all: Boolean(flags.all) }
    const lines = tableLines(list, about, options)
    const shown = lost === undefined ? lines : [paint('yellow', lost), ...lines.slice(1)]
    io.out(redrawn(before, shown))
    before = shown
  }
  await follow(
    context,
    undefined,
    (event, data) => {
      if (event !== 'tick') return
      const { now, counts, rows } = data as Tick
      list = { now, counts, rows, next: null, process: { id: process.id } }
      draw()
    },
    (message) => {
      if (list === undefined) throw new CliError(EXIT.failed, message)
      draw(message)
    },
  )
}

/** Only the lines that are not as before, at once, so that it does not flicker; they stay on the screen. */
function redrawn(before: readonly string[], lines: readonly string[]): string {
  let text = before.length === 0 ? '' : `\u001B[${before.length}A`
  const count = Math.max(before.length, lines.length)
  for (let i = 0; i < count; i++) {
    const line = lines[i] ?? ''
    text += line === before[i] ? '\u001B[1B' : `\r\u001B[2K${line}\n`
  }
  if (lines.length < before.length) text += `\u001B[${before.length - lines.length}A`
  return BEGIN + text + END
}

export const WATCHING: readonly Command[] = [
  {
    name: 'watch',
    args: '',
    help: 'the same, live',
    flags: ['all', 'give-up'],
    least: 0,
    most: 0,
    run: watch,
  },
]
