import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ConformanceResult, conformanceCases } from '../../src/testing/conformance/index.ts'

/** Real time for one case; the slowest takes some hundred milliseconds. */
const LIMIT = 30_000

const child = join(import.meta.dirname, 'child.ts')

/** Runs every case in child processes; a case that kills or blocks its process fails, and the next gets a new one. */
export async function runLibrary(name: string): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = []
  while (results.length < conformanceCases.length) {
    const [next] = conformanceCases.slice(results.length)
    if (next === undefined) break
    const { ending, stderr } = await runFrom(name, next.id, results)
    const lost = conformanceCases[results.length]
    if (lost === undefined) break
    if (results.length === 0 && stderr !== '') throw new Error(`${name}: ${stderr}`)
    results.push({ id: lost.id, title: lost.title, verdict: 'fail', observed: ending })
  }
  return results
}

function runFrom(
  name: string,
  id: string,
  results: ConformanceResult[],
): Promise<{ ending: string; stderr: string }> {
  const node = spawn(process.execPath, ['--expose-gc', child, name, id], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let ending = 'the process ended during the case'
  let stderr = ''
  let limit: NodeJS.Timeout | undefined
  const restart = (): void => {
    clearTimeout(limit)
    limit = setTimeout(() => {
      ending = `no answer within ${LIMIT / 1_000} s of real time`
      node.kill('SIGKILL')
    }, LIMIT)
  }
  node.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  createInterface({ input: node.stdout }).on('line', (line) => {
    restart()
    if (!line.startsWith('{')) return
    const message = JSON.parse(line) as ConformanceResult | { started: string }
    if ('verdict' in message) results.push(message)
  })
  restart()
  return new Promise((resolve) => {
    node.on('close', () => {
      clearTimeout(limit)
      resolve({ ending, stderr })
    })
  })
}
