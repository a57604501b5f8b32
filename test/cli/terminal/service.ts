import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { admin } from '../../../src/admin/index.ts'
import { type CircuitBreaker, CircuitRegistry } from '../../../src/index.ts'
import { nodeApp, type Running } from '../../admin/apps.ts'
import { fail } from '../../helpers/public.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

/** A service with one breaker that is open, and the command on the path. */
export interface Service {
  readonly payments: CircuitBreaker
  readonly registry: CircuitRegistry
  readonly env: NodeJS.ProcessEnv
}

/** Begins each test with the same breakers. */
export function useService(): () => Service {
  const registry = new CircuitRegistry({ defaults: { maxFailures: 3, resetTimeout: 3_600_000 } })
  let server: Running
  let service: Service
  const handler = admin({ registry, onAudit: () => {} })
  const folder = mkdtempSync(join(tmpdir(), 'command-'))
  beforeAll(async () => {
    server = await nodeApp.start(handler)
    const command = join(folder, 'short-circuit')
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${MAIN}' "$@"\n`)
    chmodSync(command, 0o755)
  })
  beforeEach(async () => {
    for (const name of registry.names()) registry.delete(name)
    registry.breaker('accounts')
    registry.breaker('a b')
    const payments = registry.breaker('payments')
    for (let i = 0; i < 3; i++) await fail(payments)
    const path = `${folder}:${process.env['PATH']}`
    const env = { ...process.env, PATH: path, SHORT_CIRCUIT_URL: server.base }
    service = { payments, registry, env }
  })
  afterAll(async () => {
    handler.close()
    await server.stop()
    rmSync(folder, { recursive: true })
  })
  return () => service
}
