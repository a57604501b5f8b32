#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { emitKeypressEvents } from 'node:readline'
import { createInterface } from 'node:readline/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { EXIT } from './cli-error.ts'
import { findCreatePool } from './postgres-client.ts'
import { findConnect } from './redis-client.ts'
import { run } from './run.ts'

const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort())
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader, as `head`, has enough.
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  throw error
})

function loginName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}

interface Key {
  readonly name?: string
  readonly ctrl?: boolean
}

function onKey(listener: (key: string) => void): () => void {
  const { stdin } = process
  const onKeypress = (text: string | undefined, { name, ctrl }: Key): void => {
    if (ctrl && name === 'c') interrupt.abort()
    else listener(name ?? text ?? '')
  }
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', onKeypress)
  stdin.resume()
  return () => {
    stdin.off('keypress', onKeypress)
    stdin.setRawMode(false)
    stdin.pause()
  }
}

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  isTerminal: Boolean(process.stdout.isTTY && process.stdin.isTTY),
  columns: process.stdout.columns ?? 80,
  rows: process.stdout.rows ?? 24,
  onKey,
  fetch,
  findConnect: () => findConnect(process.cwd()),
  findCreatePool: () => findCreatePool(process.cwd()),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(`${text}\n`),
  async ask(question, preset = '') {
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    try {
      return (await lines.question(question, { signal: interrupt.signal })).trim() || preset
    } catch {
      return process.exit(EXIT.interrupted)
    } finally {
      lines.close()
    }
  },
  readFile: (path) => readFile(path, 'utf8'),
  now: () => Date.now(),
  sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => {}),
  interrupted: interrupt.signal,
  user: loginName(),
})
