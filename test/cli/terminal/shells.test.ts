import { execFile } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { adviceFor, findTool } from '../../../scripts/tools.mjs'
import { useService } from './service.ts'
import { openTerminal, plain } from './terminal.ts'

const service = useService()

function shell(name: 'zsh' | 'fish'): string {
  const path = findTool(name)
  if (path === undefined) throw new Error(adviceFor(name))
  return path
}

describe('fish', () => {
  /** The first word of each line that it offers. */
  async function complete(line: string): Promise<string[]> {
    const script = `short-circuit completion fish | source; complete -C '${line}'`
    const { env } = service()
    const out = await new Promise<string>((resolve, reject) => {
      execFile(shell('fish'), ['--no-config', '-c', script], { env }, (error, text) =>
        error ? reject(error) : resolve(text),
      )
    })
    return out
      .split('\n')
      .filter(Boolean)
      .map((offer) => offer.split('\t')[0] ?? '')
      .sort()
  }

  it('completes commands, flags and the names of breakers', async () => {
    expect(await complete('short-circuit force-')).toEqual(['force-closed', 'force-open'])
    expect(await complete('short-circuit trip --rea')).toEqual(['--reason'])
    expect(await complete('short-circuit trip pay')).toEqual(['payments'])
    expect(await complete('short-circuit trip a')).toEqual(['a b', 'accounts'])
  })
})

describe('zsh', () => {
  it('completes commands, flags and the names of breakers', async () => {
    const terminal = openTerminal(`${shell('zsh')} -f -i`, service().env)
    onTestFinished(() => terminal.end())
    terminal.type('PS1="ready> "; autoload -Uz compinit && compinit -u -D\r')
    terminal.type('source <(short-circuit completion zsh); echo "lo""aded"\r')
    await terminal.sees('loaded')
    await terminal.sees('ready> ')

    for (const [typed, rest] of [
      ['short-circuit wat', 'ch'],
      ['short-circuit trip --rea', 'son'],
      ['short-circuit trip pay', 'ments'],
    ] as const) {
      terminal.type(`${typed}\t`)
      await terminal.sees(typed)
      await terminal.sees(rest)
      // Clears the line.
      terminal.type('\u0015')
    }
    expect(plain(terminal.shown())).not.toContain('command not found')
  })
})
