import { createRequire } from 'node:module'
import { mock } from 'node:test'
import { vi } from 'vitest'

const require = createRequire(import.meta.url)

export interface FakeTimers {
  /** Puts fake timers in place; with names, only these. */
  install(only?: readonly Replaceable[]): void
  advance(ms: number): void
  /** Forgets what is pending. */
  clear(): void
  uninstall(): void
}

export type Replaceable =
  | 'setTimeout'
  | 'clearTimeout'
  | 'setImmediate'
  | 'clearImmediate'
  | 'Date'
  | 'performance'

const ALL: readonly Replaceable[] = [
  'setTimeout',
  'clearTimeout',
  'setImmediate',
  'clearImmediate',
  'Date',
  'performance',
]

interface SinonClock {
  tick(ms: number): void
  reset(): void
  uninstall(): void
}

function sinon(): FakeTimers {
  const { install } = require('@sinonjs/fake-timers') as {
    install: (options: { toFake: readonly string[] }) => SinonClock
  }
  let clock: SinonClock | undefined
  return {
    install: (only = ALL) => {
      clock = install({ toFake: only })
    },
    advance: (ms) => clock?.tick(ms),
    clear: () => clock?.reset(),
    uninstall: () => clock?.uninstall(),
  }
}

interface JestTimers {
  useFakeTimers(options?: { doNotFake: readonly string[] }): void
  useRealTimers(): void
  advanceTimersByTime(ms: number): void
  clearAllTimers(): void
}

function jest(): FakeTimers {
  const { ModernFakeTimers } = require('@jest/fake-timers') as {
    ModernFakeTimers: new (options: object) => JestTimers
  }
  const config = { rootDir: '/', fakeTimers: {}, testEnvironmentOptions: {} }
  const timers = new ModernFakeTimers({ global: globalThis, config })
  return {
    install: (only = ALL) =>
      // Vitest itself would be lost without the last two.
      timers.useFakeTimers({
        doNotFake: [...ALL.filter((name) => !only.includes(name)), 'nextTick', 'queueMicrotask'],
      }),
    advance: (ms) => timers.advanceTimersByTime(ms),
    clear: () => timers.clearAllTimers(),
    uninstall: () => timers.useRealTimers(),
  }
}

function vitest(): FakeTimers {
  return {
    install: (only = ALL) => void vi.useFakeTimers({ toFake: [...only] }),
    advance: (ms) => void vi.advanceTimersByTime(ms),
    clear: () => void vi.clearAllTimers(),
    uninstall: () => void vi.useRealTimers(),
  }
}

/** It replaces a timer together with what clears it, and never `performance`. */
function node(): FakeTimers {
  const known = ['setTimeout', 'setImmediate', 'Date'] as const
  const install = (only: readonly Replaceable[] = known): void =>
    mock.timers.enable({ apis: known.filter((name) => only.includes(name)) })
  return {
    install,
    advance: (ms) => mock.timers.tick(ms),
    clear: () => {
      mock.timers.reset()
      install()
    },
    uninstall: () => mock.timers.reset(),
  }
}

export const TOOLS: readonly (readonly [string, FakeTimers])[] = [
  ['vitest', vitest()],
  ['jest', jest()],
  ['sinon', sinon()],
  ['node:test', node()],
]
