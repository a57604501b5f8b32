import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminHandler, admin, bearer } from '../../src/admin/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { nodeApp, type Running } from '../admin/apps.ts'
import { runsTypeScript } from '../helpers/child-process.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const TOKEN = 'dG9rZW4tb2YtYWRhLWZvci1hLXRlc3Q'

let registry: CircuitRegistry
let handler: AdminHandler
let server: Running
/** Has the command in it, as a package puts it on the path. */
let folder: string

beforeAll(async () => {
  registry = new CircuitRegistry({ defaults: { maxFailures: 1 } })
  for (const name of ['payments', 'mail', 'a b']) registry.breaker(name)
  handler = admin({ registry, authorize: bearer({ ada: TOKEN }), onAudit: () => {} })
  server = await nodeApp.start(handler)
  folder = mkdtempSync(join(tmpdir(), 'cli-'))
  const command = join(folder, 'short-circuit')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${MAIN}' "$@"\n`)
  chmodSync(command, 0o755)
})
afterAll(async () => {
  handler.close()
  await server.stop()
  rmSync(folder, { recursive: true })
})

function env(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const path = `${folder}:${process.env['PATH']}`
  return { ...process.env, PATH: path, SHORT_CIRCUIT_URL: server.base, ...more }
}

function start(args: readonly string[], more = {}): ChildProcess {
  const options = { env: env({ SHORT_CIRCUIT_TOKEN: TOKEN, ...more }) }
  return spawn(join(folder, 'short-circuit'), args, options)
}

async function sc(args: readonly string[], more = {}): Promise<[number, string, string]> {
  const child = start(args, more)
  if (child.stdout === null || child.stderr === null) throw new Error('not piped')
  const [out, err, [exit]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return [exit, out, err]
}

describe.runIf(runsTypeScript)('the command as a program', () => {
  it('holds a breaker open with a reason, and releases it', async () => {
    const reason = ['--reason', 'INC-2291: hold']

    const [exit, out] = await sc(['force-open', 'payments', ...reason, '--for', '10m'])
    expect([exit, registry.get('payments')?.state]).toEqual([0, 'open'])
    expect(out).toContain('payments is forced open until')
    const [released] = await sc(['release', 'payments', ...reason])

    expect([released, registry.get('payments')?.state]).toEqual([0, 'closed'])
  })

  it('writes what was asked for to one stream and everything else to the other', async () => {
    const [exit, out, err] = await sc(['ls', '--all', '--json'])
    expect([exit, err, JSON.parse(out).rows.length]).toEqual([0, '', 3])

    const [unknown, nothing, message] = await sc(['get', 'paymnets'])
    expect([unknown, nothing]).toEqual([3, ''])
    expect(message).toContain('Did you mean "payments"?')
  })

  it('has no colour and asks nothing in a pipe', async () => {
    const [exit, out, err] = await sc(['trip', 'payments'])

    expect([exit, out]).toEqual([2, ''])
    expect(err).toContain('--reason')
    expect((await sc(['ls', '-a']))[1]).not.toContain('\u001B')
  })

  it('is let in by its token alone', async () => {
    expect((await sc(['ls'], { SHORT_CIRCUIT_TOKEN: `${TOKEN}x` }))[0]).toBe(4)
    expect((await sc(['ls', '--token', TOKEN]))[0]).toBe(2)
  })

  it('ends with 130 when it is interrupted', async () => {
    const child = start(['watch', '--json'])
    const ended = once(child, 'exit')
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
    child.kill('SIGINT')

    expect((await ended)[0]).toBe(130)
  })

  it('ends quietly when its reader has enough', async () => {
    const child = spawn('sh', ['-c', 'short-circuit watch --json | head -n 1'], {
      env: env({ SHORT_CIRCUIT_TOKEN: TOKEN }),
    })
    const [out, err, [exit]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])

    expect([exit, err]).toEqual([0, ''])
    expect(JSON.parse(out).event).toBe('hello')
  })

  it('completes commands, flags and the names of breakers in bash', async () => {
    const complete = async (...words: string[]): Promise<string[]> => {
      const array = words.map((word) => `'${word}'`).join(' ')
      const script = `source <(short-circuit completion bash); COMP_WORDS=(short-circuit ${array}); COMP_CWORD=${words.length}; _short_circuit; printf '%s\\n' "\${COMPREPLY[@]}"`
      return new Promise((resolve, reject) => {
        execFile(
          'bash',
          ['-c', script],
          { env: env({ SHORT_CIRCUIT_TOKEN: TOKEN }) },
          (error, out) => (error ? reject(error) : resolve(out.trim().split('\n').sort())),
        )
      })
    }

    expect(await complete('force-')).toEqual(['force-closed', 'force-open'])
    expect(await complete('trip', '--re')).toEqual(['--reason'])
    expect(await complete('trip', 'pay')).toEqual(['payments'])
    // As it is typed: a name is never run.
    expect(await complete('trip', 'a')).toEqual(['a\\ b'])
  })
})
