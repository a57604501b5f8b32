import type { Counts, List, LogEntry, Row } from '../admin/index.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { Command, Context } from './command.ts'
import { cut, visible, width } from './display.ts'
import { entryLine, follow } from './reading.ts'
import { shownRows, tableLines } from './table.ts'
import { WRITING } from './writing.ts'

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
  } else if (io.isTerminal) return drawn(context)
  else {
    await follow(context, undefined, (event, data) => {
      if (event === 'log') print(entryLine(data as LogEntry))
    })
  }
  return EXIT.interrupted
}

const BEGIN = '\u001B[?2026h'
const END = '\u001B[?2026l'

async function drawn(context: Context): Promise<number> {
  const { client, io } = context
  const { process } = await client.session()
  const about = [process.name ?? process.id, process.environment].filter(Boolean).join(' ')
  const done = new AbortController()
  const screen = new Screen(context, about, () => done.abort())
  screen.listen()
  try {
    await follow(
      context,
      undefined,
      (event, data) => {
        if (event !== 'tick') return
        const { now, counts, rows } = data as Tick
        screen.show({ now, counts, rows, next: null, process: { id: process.id } })
      },
      (message) => screen.lose(message),
      AbortSignal.any([io.interrupted, done.signal]),
    )
  } finally {
    screen.close()
  }
  return io.interrupted.aborted ? EXIT.interrupted : EXIT.done
}

const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['f', 'force-open'],
  ['r', 'release'],
  ['x', 'trip'],
])
const HELP = 'j k move · Enter why · / filter · f force open · r release · x trip · q quit'

/** The table, drawn again when something changes, and the keys that act on a row of it. */
class Screen {
  readonly #context: Context
  readonly #about: string
  readonly #quit: () => void
  #list: List | undefined
  #lost: string | undefined
  /** What is looked for, whether it is being typed, and what was found last. */
  #filter = ''
  #isTyping = false
  #found: List | undefined
  #isFinding = false
  #selected: string | undefined
  /** Why the selected one is as it is, when that was asked for. */
  #explanation: string | undefined
  #before: readonly string[] = []
  #stop: (() => void) | undefined

  constructor(context: Context, about: string, quit: () => void) {
    this.#context = context
    this.#about = about
    this.#quit = quit
  }

  listen(): void {
    this.#stop = this.#context.io.onKey((key) => this.#onKey(key))
  }

  close(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  show(list: List): void {
    this.#list = list
    this.#lost = undefined
    if (this.#filter === '') this.#draw()
    else this.#find()
  }

  /** Asks for what fits, as the healthy ones may not be among those that come by themselves. */
  #find(): void {
    if (this.#isFinding) return
    this.#isFinding = true
    const q = this.#filter
    this.#context.client
      .list({ q })
      .then(
        (found) => {
          this.#found = found
          this.#draw()
        },
        (error: Error) => this.#say(error.message),
      )
      .finally(() => {
        this.#isFinding = false
        if (q !== this.#filter && this.#filter !== '') this.#find()
      })
  }

  /** What is shown, and whether that is with the healthy ones. */
  get #shown(): { readonly list: List | undefined; readonly all: boolean } {
    if (this.#filter === '') return { list: this.#list, all: Boolean(this.#context.flags.all) }
    return { list: this.#found ?? this.#list, all: true }
  }

  lose(message: string): void {
    if (this.#list === undefined) throw new CliError(EXIT.failed, message)
    this.#lost = message
    this.#draw()
  }

  #draw(): void {
    const { io, paint } = this.#context
    const { list, all } = this.#shown
    // A question is being asked.
    if (list === undefined || this.#stop === undefined) return
    const options = {
      columns: io.columns,
      paint,
      all,
      selected: this.#selected,
    }
    let lines = tableLines(list, this.#about, options)
    if (this.#lost !== undefined) {
      const old = lines.slice(1).map((line) => paint('dim', line))
      lines = [paint('yellow', cut(this.#lost, io.columns)), ...old]
    }
    const below = [
      ...wrapped(this.#explanation ?? '', io.columns),
      ...this.#filterLines(),
      paint('dim', cut(HELP, io.columns)),
    ]
    // The cursor can't go back above the screen.
    const room = Math.max(1, io.rows - 1 - below.length)
    const shown = [...lines.slice(0, room), ...below]
    io.out(redrawn(this.#before, shown))
    this.#before = shown
  }

  #filterLines(): string[] {
    if (!this.#isTyping && this.#filter === '') return []
    const keys = this.#isTyping ? 'Enter keeps it, Esc clears it' : 'Esc clears it'
    const typed = `${visible(this.#filter)}${this.#isTyping ? '▏' : ''}`
    return [cut(`Filter: ${typed}  (${keys})`, this.#context.io.columns)]
  }

  #onKey(key: string): void {
    if (key === 'escape') this.#type('', false)
    else if (this.#isTyping) this.#onTyped(key)
    else if (key === '/') this.#type(this.#filter, true)
    else if (key === 'q') this.#quit()
    else if (key === 'j' || key === 'down') this.#move(1)
    else if (key === 'k' || key === 'up') this.#move(-1)
    else if (key === 'return') this.#explain().catch((error: Error) => this.#say(error.message))
    else this.#act(ACTIONS.get(key)).catch((error: Error) => this.#say(error.message))
  }

  #onTyped(key: string): void {
    const text = key === 'space' ? ' ' : key
    if (key === 'return') this.#type(this.#filter, false)
    else if (key === 'backspace') this.#type(this.#filter.slice(0, -1), true)
    else if (text.length === 1) this.#type(this.#filter + text, true)
  }

  #type(filter: string, isTyping: boolean): void {
    const isOther = filter !== this.#filter
    this.#filter = filter
    this.#isTyping = isTyping
    if (filter === '') this.#found = undefined
    this.#draw()
    if (isOther && filter !== '') this.#find()
  }

  #move(by: number): void {
    const { list, all } = this.#shown
    if (list === undefined) return
    const names = shownRows(list, all).map(({ name }) => name)
    const index = names.indexOf(this.#selected ?? '')
    const next = index === -1 && by < 0 ? names.length - 1 : index + by
    this.#selected = names[Math.min(Math.max(next, 0), names.length - 1)]
    this.#explanation = undefined
    this.#draw()
  }

  #say(text: string | undefined): void {
    this.#explanation = text
    this.#draw()
  }

  async #explain(): Promise<void> {
    const name = this.#selected
    if (name === undefined || this.#explanation !== undefined) return this.#say(undefined)
    const { explanation } = await this.#context.client.detail(name)
    if (name === this.#selected) this.#say(visible(explanation.text))
  }

  /** Asks as the command of that name does, and goes on. */
  async #act(operation: string | undefined): Promise<void> {
    const command = WRITING.find(({ name }) => name === operation)
    const name = this.#selected
    if (command === undefined || name === undefined || this.#stop === undefined) return
    this.close()
    let said: string | undefined
    const print = (text: string): void => {
      said = text
    }
    try {
      await command.run({ ...this.#context, args: [name], print })
    } catch (error) {
      said = (error as Error).message
    } finally {
      this.#before = []
      this.listen()
    }
    this.#say(said)
  }
}

/** In lines of so many columns, at most six. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const paragraph of text.split('\n').filter(Boolean)) {
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && width(line) + 1 + width(word) > columns) {
        lines.push(line)
        line = ''
      }
      line += line === '' ? word : ` ${word}`
    }
    lines.push(line)
  }
  return lines.slice(0, 6).map((line) => cut(line, columns))
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
