import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program at a real terminal, as `script` of util-linux makes one. */
export interface Terminal {
  /** What it has shown so far, with the codes for colours and the cursor. */
  readonly shown: () => string
  type(keys: string): void
  /** Waits until it shows this, after what it has shown at the last time. */
  sees(text: string | RegExp): Promise<void>
  readonly exit: Promise<number | null>
  end(): void
}

export function openTerminal(
  command: string,
  env: NodeJS.ProcessEnv,
  { columns = 120, rows = 30 }: { columns?: number; rows?: number } = {},
): Terminal {
  const line = `stty cols ${columns} rows ${rows}; ${command}`
  const child = spawn('script', ['-qfec', line, '/dev/null'], {
    env: {
      ...env,
      TERM: 'xterm-256color',
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      CI: undefined,
    },
  })
  let shown = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  child.stdin.on('error', () => {})
  return {
    shown: () => shown,
    type: (keys) => void child.stdin.write(keys),
    async sees(text) {
      const find = (): number => {
        const rest = shown.slice(seen)
        const match = typeof text === 'string' ? text : (text.exec(rest)?.[0] ?? '\0')
        const at = rest.indexOf(match)
        return at === -1 ? -1 : seen + at + match.length
      }
      const given = Date.now() + 60_000
      while (find() === -1) {
        if (Date.now() > given)
          throw new Error(`no ${text} in ${JSON.stringify(shown.slice(seen))}`)
        await sleep(20)
      }
      seen = find()
    },
    exit: once(child, 'exit').then(([code]) => code as number | null),
    end: () => void child.kill(),
  }
}

/** The text alone. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed.
  return text.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '')
}
