import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

describe('workers of a cluster that share the store of their primary', () => {
  it('open together, survive one that is killed while it probes, and end', async () => {
    const script = join(import.meta.dirname, 'cluster.ts')

    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      timeout: 55_000,
    })

    expect(stdout.trim().split('\n')).toEqual([
      'both have opened',
      'the other one while it probes: CircuitOpenError',
      'the other one has closed',
      'listeners of the dead: 0',
      'all have ended',
    ])
  })
})
