import type { TestProject } from 'vitest/node'
import { startControl } from './control-server.ts'
import './remote-server.ts'

/** For tests in browsers, which cannot start a server. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { origin, stop } = await startControl()
  provide('control', origin)
  return stop
}
